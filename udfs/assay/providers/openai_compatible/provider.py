"""The `openai` provider: chats and vectors of any OpenAI-compatible endpoint, one attempt each."""

from __future__ import annotations

from assay.core.errors import CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Reply, Request
from assay.providers.openai_compatible import embeddings
from assay.providers.openai_compatible.batches import OpenAIBatches
from assay.providers.openai_compatible.body import body_of, check_extra
from assay.providers.openai_compatible.client import EndpointClient
from assay.providers.openai_compatible.profiles import profile_of
from assay.providers.openai_compatible.reading import (
    ReplyReader,
    json_object,
    short_text,
    value_of,
)
from assay.providers.openai_compatible.traits import TRAITS


class OpenAIProvider:
    """Sends packs as chat completions with a strict JSON schema, on the wire or in batches, and
    texts as they are where vectors are wanted."""

    def __init__(self, settings: Settings) -> None:
        if settings.api_key is None:
            message = (
                f"`{TRAITS.key_variable}` is not set; export it, or use `ASSAY_PROVIDER=local`."
            )
            raise ConfigError(message)
        self._settings = settings
        self._profile = profile_of(settings.endpoint, settings.profile)
        check_extra(settings.extra_body or {})
        key = settings.api_key.get_secret_value()
        self._client = EndpointClient(settings, self._profile, key)
        self._reader = ReplyReader(settings, self._profile, key)
        self._url = self._client.address("chat/completions")
        self._vectors_url = self._client.address(embeddings.PATH)
        self.batches = OpenAIBatches(settings, self._profile, self._client, self._reader)

    async def send(self, request: Request) -> Reply:
        """Send once; every way this can fail ends as a `CallError` or a `RunError`."""
        wants_vectors = request.pack.questions[0].task.form == "embedding"
        if wants_vectors:
            url, body = self._vectors_url, embeddings.body_of(request, self._settings)
        else:
            url, body = self._url, body_of(request, self._profile, self._settings)
        response = await self._client.post(url, body, request.idempotency_key)
        if not response.is_success:
            said, headers = value_of(response.content), response.headers
            raise self._reader.error(response.status_code, said, headers, request)
        read = self._reader.vectors if wants_vectors else self._reader.reply
        return read(json_object(response.content), response.headers, request)

    async def models(self) -> list[str]:
        """Return the names of the models that the endpoint lists; none where it lists none."""
        try:
            response = await self._client.get(self._client.address("models"))
        except (CallError, ConfigError):
            return []
        found = value_of(response.content) if response.is_success else None
        listed = found.get("data") if isinstance(found, dict) else None
        rows = listed if isinstance(listed, list) else []
        names = (short_text(row.get("id")) for row in rows if isinstance(row, dict))
        return sorted(name for name in names if name)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def open_provider(settings: Settings) -> OpenAIProvider:
    """Return a provider for the endpoint, model and key of the settings."""
    return OpenAIProvider(settings)
