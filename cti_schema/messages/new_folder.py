"""Create a folder."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import NewOrDeleteResult


@feedback(0xCC310005, vendor="THIRD_PARTY_CMD_NEW_FOLDER_FEED_CODE")
class NewFolderFeedback(Feedback):
    """Outcome of creating a folder."""

    result: NewOrDeleteResult = f.enum(f.u32, NewOrDeleteResult, doc="outcome")


@request(
    0xCC130005,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_NEW_FOLDER_CODE",
    notes=(
        "Both documents put the path (1024 units) at offset 20 of the frame. The library, by a "
        "defect, puts it at 24 behind four zero bytes, and loses its last two units. Which of the "
        "two a real server expects is not known: a server should take both, see `path`."
    ),
)
class NewFolder(Request[NewFolderFeedback]):
    """Create a folder."""

    reserved_1: int = f.u32(default=0, doc="sent as 0; the documents do not have it")
    folder_path: str = f.utf16(1022, doc="folder to create, where the library writes it")

    @property
    def path(self) -> str:
        """The folder to create, wherever the sender put it: as the library does, or as the documents say.

        Raises:
            AttributeError: the frame ends in front of the path.
        """
        if self.reserved_1 == 0:
            return self.folder_path
        # As the documents say: the first two units stand where the library has its zero.
        first = self.reserved_1.to_bytes(4, "little").decode("utf-16-le", "surrogatepass")
        return (first + self.folder_path).partition("\0")[0]
