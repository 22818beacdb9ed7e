"""A media file's identity: a digest of its content, which a move or a rename does not change."""

import hashlib
import stat
from pathlib import Path

from ingest.errors import UnreadableMedia

_CHUNK = 1 << 20


def fingerprint_file(path: Path | str) -> str:
    """Digest every byte of a file: BLAKE2b of 16 bytes, as 32 hex digits.

    The whole file is read, because an editor must learn of any frame that changed; it costs about
    a second a gigabyte, little beside a decode.

    Raises:
        UnreadableMedia: The file is missing, a folder, or not to be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UnreadableMedia(path, "is no regular file but a pipe or a device")
        with Path(path).open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UnreadableMedia(path, error.strerror or str(error)) from error
    return digest.hexdigest()
