"""Assigning a file of any kind to channels; what is no file of that kind is refused for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cti_schema.errors import FileRefused
from cti_schema.message import Feedback
from cti_schema.messages.assign_file import (
    AssignFile,
    AssignFileFeedback,
    AssignFileKind,
    AssignFileResult,
    ChannelResult,
)
from spoofer.behaviour.files import reason_text
from spoofer.device import Device
from spoofer.files import paths
from spoofer.replies import Session, reply_to

#: Which endings the files of a kind have, where that is known.
_ENDINGS: Final = {
    AssignFileKind.SCHEDULE: ("", ".sdx", ".sdu", ".toml"),
    AssignFileKind.CANBMS: (".can",),
    AssignFileKind.SMB: (".smb",),
    AssignFileKind.TEST_OBJECT: (".to",),
}


@reply_to(AssignFile)
def assign_file(device: Device, session: Session, request: AssignFile) -> Sequence[Feedback]:
    """Assign a file to the channels listed, or to all; one result for each."""
    indices: Iterable[int] = request.channel_indices
    if request.for_all_channels:
        indices = range(device.channel_count)
    refusal, reason = _not_assignable(device, session, request)
    results = [
        ChannelResult(
            channel_index=index,
            result=refusal or device.assign_file(index, AssignFileKind(request.file_type), request.file_name),
        )
        for index in indices
    ]
    return [AssignFileFeedback(reason=reason, channel_results=results)]


def _not_assignable(
    device: Device, session: Session, request: AssignFile
) -> tuple[AssignFileResult | None, str]:
    """Return why a file can be assigned to no channel at all, and in words; ``None`` if it can."""
    kind, name = AssignFileKind(request.file_type), request.file_name
    if not session.may_control:
        return AssignFileResult.ERROR, "the right to control is missing"
    if not name:
        return AssignFileResult.FILE_NAME_EMPTY_ERROR, "no file name"
    if not kind.known or kind is AssignFileKind.FILE_KIND_COUNT:
        return AssignFileResult.FILE_UNSUPPORTED_FILE_TYPE, "no such kind of file"
    if paths.ending(name) not in _ENDINGS.get(kind, (paths.ending(name),)):
        return AssignFileResult.FILE_UNSUPPORTED_FILE_TYPE, "the file's ending is that of another kind"
    if kind is not AssignFileKind.SCHEDULE:  # what a schedule's name stands for, the device knows
        try:
            device.folder.locate(name)
        except FileRefused as refusal:
            return AssignFileResult.FILE_NOT_FOUND_ERROR, reason_text(refusal)
    return None, ""
