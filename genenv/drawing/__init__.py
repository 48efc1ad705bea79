"""How figures are drawn: one style, on pages as inline SVG, in TensorBoard as pixels."""
