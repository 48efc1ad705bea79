"""Export a small Keras network of digits by tf2onnx, for tests/exported/keras.onnx.

Needs tensorflow and tf2onnx, which are no dependency of genenv; the digits come with scikit-learn.

    python scripts/export_keras.py tests/exported
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow
import tf2onnx
from sklearn.datasets import load_digits

TRAIN = 1200
ROWS = 16  # whose answers are kept

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    keras.utils.set_random_seed(0)
    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 8, 8, 1).astype(np.float32) / 16
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", padding="same"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x[:TRAIN], y[:TRAIN], epochs=30, batch_size=32, verbose=0)
    signature = (tensorflow.TensorSpec((None, 8, 8, 1), tensorflow.float32, name="x"),)
    call = tensorflow.function(lambda batch: model(batch, training=False), signature)
    tf2onnx.convert.from_function(call, signature, output_path=str(folder / "keras.onnx"))
    answers = model.predict(x[-ROWS:], verbose=0)
    np.savez(folder / "keras.npz", x=(x[-ROWS:, ..., 0] * 16).astype(np.float32), p=answers)
    right = float((model.predict(x[TRAIN:], verbose=0).argmax(1) == y[TRAIN:]).mean())
    print(f"keras {keras.__version__}, tf2onnx {tf2onnx.__version__}: right on {right:.1%}")
