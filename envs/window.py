"""A window that shows pictures, by pygame (the extra `window`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genenv import checks


class Window:
    """Opens at its first picture; for environments that Gymnasium's HumanRendering cannot wrap.

    Parameters
    ----------
    title
        Of the window.
    fps
        Pictures a second, at most.

    Raises
    ------
    Mistake
        pygame is not installed.
    """

    def __init__(self, title: str, fps: int) -> None:
        try:
            import pygame
        except ImportError as error:
            do = "pip install 'genenv[window]'"
            raise checks.Mistake("pygame, which opens windows", "none installed", do) from error
        self._pygame = pygame
        self._title = title
        self._fps = fps
        self._surface: Any = None

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show (height, width, 3)."""
        pygame = self._pygame
        if self._surface is None:
            pygame.display.init()
            self._surface = pygame.display.set_mode(picture.shape[1::-1])
            pygame.display.set_caption(self._title)
            self._clock = pygame.time.Clock()
        self._surface.blit(pygame.surfarray.make_surface(picture.swapaxes(0, 1)), (0, 0))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._surface is not None:
            self._pygame.display.quit()
            self._surface = None
