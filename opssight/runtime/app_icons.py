"""Draws the icons of the installed app from the shapes of static/img/logo.svg.

Run once after the logo changed: `python -m opssight.runtime.app_icons`.
"""

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parents[2] / "static" / "img"
BLUE, WHITE = "#1d5fc4", "#ffffff"
GRID, RADIUS, STROKE = 32, 7, 2.6
LINE = ((5, 18), (10, 18), (13, 9), (18, 24), (21.5, 14), (23, 18), (27, 18))
FINE = 4
"""Drawn so many times larger, and made smaller smoothly."""
ICONS = (("app-192", 192, False), ("app-512", 512, False), ("app-512-maskable", 512, True))
APPLE = ("app-180", 180, True)


def main() -> None:
    for name, size, is_full in (*ICONS, APPLE):
        draw(size, is_full=is_full).save(FOLDER / f"{name}.png", optimize=True)


def draw(size: int, *, is_full: bool) -> Image.Image:
    """One icon. A full one reaches the edges, for phones that cut their own shape out of it."""
    side = size * FINE
    image = Image.new("RGBA", (side, side), BLUE if is_full else (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    if not is_full:
        pen.rounded_rectangle((0, 0, side - 1, side - 1), RADIUS / GRID * side, fill=BLUE)
    scale = side / GRID * (0.8 if is_full else 1)
    move = (side - GRID * scale) / 2
    points = [(x * scale + move, y * scale + move) for x, y in LINE]
    width = STROKE * scale
    pen.line(points, fill=WHITE, width=round(width), joint="curve")
    for x, y in points:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=WHITE)
    return image.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
