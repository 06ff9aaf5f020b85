"""Files that come in pieces: taken in order, checked one by one, and written when the last one is there.

What has come of a file is in a temporary file outside the file area, which goes with the connection. How
much of that there may be is counted in the `Folder`, for all connections together.
"""

from __future__ import annotations

import hashlib
import io
import struct
import tempfile
from typing import BinaryIO, Final, cast

from cti_schema.errors import FileRefused
from cti_schema.messages.upload_file import UploadFile, UploadResult
from spoofer.files import walk
from spoofer.files.folder import Folder
from spoofer.files.paths import Reason

#: Most files that one connection sends at a time: with a further one, the oldest is forgotten.
MOST_UPLOADS: Final = 4

#: Files that are whole, and of which a repeated last piece is known.
_MOST_DONE: Final = 16

#: What makes two pieces parts of one file: path, bits of the time stamp, number of pieces.
Key = tuple[str, bytes, int]


class _Upload:
    """What has come of one file."""

    def __init__(self, folder: Folder) -> None:
        folder.begin_upload()
        self._folder = folder
        self._size = 0
        self.next_index = 0
        self.last_md5 = b""
        try:
            self.file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed by close()
        except OSError:
            folder.end_upload(0)
            raise

    def add(self, data: bytes, md5: bytes) -> None:
        """Take the next piece."""
        self._folder.grow_upload(self._size, len(data))
        self._size += len(data)
        self.file.write(data)
        self.next_index += 1
        self.last_md5 = md5

    def close(self) -> None:
        """Forget what has come."""
        self._folder.end_upload(self._size)
        self.file.close()


class Uploads:
    """The files that one connection sends."""

    def __init__(self) -> None:
        self._open: dict[Key, _Upload] = {}
        self._done: dict[Key, bytes] = {}

    def take(self, folder: Folder, request: UploadFile) -> UploadResult:
        """Take one piece, and return its result.

        A piece that comes again, because its answer was lost, is a success and changes nothing; a first
        piece that comes again later begins the file anew. A piece out of order is refused, and one with a
        wrong MD5, too; then the right one may still come.
        """
        if hashlib.md5(request.data, usedforsecurity=False).digest() != request.md5:
            return UploadResult.MD5_ERROR
        key = (request.file_path.casefold(), struct.pack("<d", request.upload_time), request.package_count)
        try:
            with walk.system():
                return self._take(folder, request, key)
        except FileRefused:
            self._drop(key)
            return UploadResult.FAILED

    def _take(self, folder: Folder, request: UploadFile, key: Key) -> UploadResult:
        index, count = request.package_index, request.package_count
        if not 0 <= index < count:
            raise FileRefused(Reason.LIMIT, f"piece {index} of {count}")
        if count == 1:
            folder.write(request.file_path, io.BytesIO(request.data))
            return UploadResult.SUCCESS
        upload = self._open.get(key)
        if upload is None:
            if index and index == count - 1 and self._done.get(key) == request.md5:
                return UploadResult.SUCCESS
            if index:
                return UploadResult.FAILED
            upload = self._begin(folder, request, key)
        elif index == upload.next_index - 1 and request.md5 == upload.last_md5:
            return UploadResult.SUCCESS
        elif index == 0:
            upload = self._begin(folder, request, key)
        elif index != upload.next_index:
            return UploadResult.FAILED
        upload.add(request.data, request.md5)
        if upload.next_index == count:
            folder.write(request.file_path, upload.file)
            self._drop(key)
            self._done[key] = request.md5
            if len(self._done) > _MOST_DONE:
                del self._done[next(iter(self._done))]
        return UploadResult.SUCCESS

    def _begin(self, folder: Folder, request: UploadFile, key: Key) -> _Upload:
        self._drop(key)
        self._done.pop(key, None)
        if len(self._open) >= MOST_UPLOADS:
            self._drop(next(iter(self._open)))
        folder.destination(request.file_path)  # refused now rather than with the last piece
        self._open[key] = _Upload(folder)
        return self._open[key]

    def _drop(self, key: Key) -> None:
        upload = self._open.pop(key, None)
        if upload is not None:
            upload.close()

    def close(self) -> None:
        """Forget every file that is not whole."""
        while self._open:
            self._open.popitem()[1].close()
