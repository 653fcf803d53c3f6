"""The Hugging Face hub (or a mirror of it), through huggingface_hub: its settings, tokens and addresses.

Files are read with byte ranges of our own: what huggingface_hub downloads begins anew after an interruption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from httpx2 import HTTPError  # what huggingface_hub's client raises
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers, get_session

from tts.fetch.hub import HubError, RemoteFile

TIMEOUT_SEC = 30.0
_PARTIAL_CONTENT = 206


class HuggingFaceHub:
    """Implements `tts.fetch.hub.Hub`.

    Args:
        endpoint: address of the hub; by default HF_ENDPOINT of the environment, else huggingface.co.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self._api = HfApi(endpoint=endpoint)

    def list_files(self, repo: str) -> Mapping[str, RemoteFile]:
        """See `Hub.list_files`."""
        with _translated(repo):
            entries = list(self._api.list_repo_tree(repo, recursive=True))
        return {
            entry.path: RemoteFile(
                name=entry.path,
                num_bytes=entry.size,
                sha256=entry.lfs.sha256 if entry.lfs else None,
                git_sha1=None if entry.lfs else entry.blob_id,
            )
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    @contextmanager
    def read(self, repo: str, name: str, start: int) -> Iterator[Iterator[bytes]]:
        """See `Hub.read`."""
        with _translated(f"{repo}: {name}"):
            url = hf_hub_url(repo, name, endpoint=self._api.endpoint)
            # Compressed answers would have other byte positions than the file.
            headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
            if start:
                headers["Range"] = f"bytes={start}-"
            with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_SEC) as response:
                response.raise_for_status()
                skipped = 0 if response.status_code == _PARTIAL_CONTENT else start
                yield _after(response.iter_bytes(), skipped)


def _after(pieces: Iterator[bytes], num_skipped: int) -> Iterator[bytes]:
    """Yield pieces without the first bytes, which a server that knows no ranges sends again."""
    for piece in pieces:
        if num_skipped < len(piece):
            yield piece[num_skipped:]
        num_skipped = max(0, num_skipped - len(piece))


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn what huggingface_hub and its HTTP client raise into `HubError`."""
    try:
        yield
    except GatedRepoError as error:
        raise HubError(
            f"{what}: access must be asked for on its page; then set HF_TOKEN or run: hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise HubError(f"{what}: no such repository (or a private one, and HF_TOKEN is not set)") from error
    except EntryNotFoundError as error:
        raise HubError(f"{what}: no such file on the hub") from error
    except (HfHubHTTPError, HTTPError, HFValidationError, OSError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise HubError(f"{what}: the hub cannot be reached or refuses ({reason})") from error
