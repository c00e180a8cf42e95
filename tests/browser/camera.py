"""A camera that sees what a test shows it: Chromium plays a YUV4MPEG2 file as its camera.

The file is read anew with each `getUserMedia`, so a page that is reloaded sees the new scene.
"""

from io import BytesIO
from pathlib import Path

import segno
from PIL import Image

WIDTH, HEIGHT = 640, 480
# Chromium plays the file in a loop; a second frame makes it a film.
FRAMES = 2
HEADER = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{{fps}}:1 Ip A1:1 C420jpeg\n"
# A film of several seconds is a large file; more frames show nothing more.
SLOW_FPS = 5
# Chroma of a grey picture, for both planes at half the resolution.
GREY = bytes([128]) * (WIDTH * HEIGHT // 2)


class FakeCamera:
    """What the camera of a browser that was launched with `arguments` sees."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "camera.y4m"
        self.show_nothing()

    @property
    def arguments(self) -> list[str]:
        """What Chromium is launched with."""
        return [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={self.file}",
        ]

    def show_nothing(self) -> None:
        """Point it at a grey wall."""
        self._film(Image.new("L", (WIDTH, HEIGHT), 120))

    def show_text(self, text: str) -> None:
        """Point it at a QR code of that text."""
        self.show_picture(_qr_code(text))

    def show_in_turn(self, *texts: str | None, seconds: int) -> None:
        """Show the QR codes one after the other, over and over; None is the wall."""
        wall = Image.new("L", (WIDTH, HEIGHT), 120)
        scenes = [wall if text is None else _scene(_qr_code(text)) for text in texts]
        self._film(*scenes, each=seconds * SLOW_FPS, fps=SLOW_FPS)

    def show_picture(self, png: bytes) -> None:
        """Point it at a picture, for example at a screenshot of somebody's phone."""
        self._film(_scene(png))

    def _film(self, *scenes: Image.Image, each: int = FRAMES, fps: int = 30) -> None:
        # Replaced as a whole: Chromium may be reading the old file.
        fresh = self.file.with_suffix(".new")
        with fresh.open("wb") as film:
            film.write(HEADER.format(fps=fps).encode())
            for scene in scenes:
                film.write((b"FRAME\n" + scene.tobytes() + GREY) * each)
        fresh.replace(self.file)


def _qr_code(text: str) -> bytes:
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=8, border=4)
    return picture.getvalue()


def _scene(png: bytes) -> Image.Image:
    """Return a picture as the camera sees it, in the middle of a grey wall."""
    with Image.open(BytesIO(png)) as picture:
        grey = picture.convert("L")
    grey.thumbnail((WIDTH - 40, HEIGHT - 40))
    scene = Image.new("L", (WIDTH, HEIGHT), 120)
    scene.paste(grey, ((WIDTH - grey.width) // 2, (HEIGHT - grey.height) // 2))
    return scene
