"""Traits: what the rest must know of a provider, as data that each provider says of itself.

`assay.providers` makes them known. It is imported when somebody first names a provider, so that
settings are checked against what there is, and the floor names a package and no provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

from assay.core.batches import BatchTerms
from assay.core.price import Price
from assay.core.values import MODES, Mode

Wish = Literal["temperature", "reasoning_effort", "service_tier", "logprobs", "extra_body"]
"""A setting by which a request may ask for more than an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a model wants to be asked: in which modes, the first that it takes, whether it spends
    output tokens on thinking before it answers, which settings it may be sent, and what may be
    asked of it in `batches` (None: nothing; where there are terms, the provider is one that
    `TakesBatches`)."""

    modes: tuple[Mode, ...] = MODES
    thinks: bool = False
    takes: frozenset[Wish] = frozenset()
    batches: BatchTerms | None = None


def _as_usual(_endpoint: str, _profile: str | None, _model: str) -> Manner:
    return Manner()


def _unlisted(_model: str) -> Price | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One provider. Texts are parts of messages; variables are those of the environment.

    `about` says in a few words who it is, `caution` what whoever has its answers is to know.
    Answers are kept under `host`, which is that of the endpoint where it is None, and come from
    `model` where there is no choice, or from one of `models` where it is asked for: by a short
    name, which stands for that of its answers. `without_model` are the traits of who answers where
    none is named. `base_url` is the default endpoint. A `remote` provider sends texts to an
    endpoint, which may bill for them; a `free` one costs nothing.
    `key_variable` holds its key, `url_variable` is where its vendor's SDK looks for an endpoint.
    `can` are the kinds of the tasks that it knows, all where it is None; `manner` tells of an
    endpoint, one of its `profiles` (None: the one that is guessed) and a model how it wants to be
    asked, `price` what a model costs by its list. `vectors` are
    models of vectors with how many numbers one has. `package` is the library by which its extra is
    known.
    """

    name: str
    about: str
    caution: str = ""
    host: str | None = None
    model: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    without_model: Traits | None = None
    needs_model: bool = False
    base_url: str | None = None
    remote: bool = False
    free: bool = False
    key_variable: str | None = None
    url_variable: str | None = None
    can: frozenset[str] | None = None
    manner: Callable[[str, str | None, str], Manner] = _as_usual
    profiles: tuple[str, ...] = ()
    price: Callable[[str], Price | None] = _unlisted
    vectors: Mapping[str, int] = field(default_factory=dict)
    package: str | None = None

    @property
    def asks(self) -> bool:
        """Whether anybody is asked at all."""
        return self.remote or self.free

    def knows(self, kind: str) -> bool:
        """Whether a function, `classify` for `ai_classify`, is answered."""
        return self.can is None or kind in self.can

    def own(self, asked: str | None) -> str | None:
        """The model that answers whoever asks for `asked`, where the provider decides that."""
        return self.models.get(asked or "", asked if asked in self.models.values() else self.model)

    @property
    def set_up_by(self) -> tuple[str, ...]:
        """The variables that say who is asked, and as whom."""
        key = () if self.key_variable is None else (self.key_variable,)
        return (*key, "ASSAY_BASE_URL", "ASSAY_MODEL")

    @property
    def check(self) -> str:
        """The remedy where an endpoint turns everything down."""
        *others, last = (f"`{variable}`" for variable in self.set_up_by)
        return f"Check {', '.join(others)} and {last}."


_known: dict[str, Traits] = {}

_PROVIDERS = "assay.providers"
"""The package that makes them known."""


def make_known(providers: Mapping[str, Traits]) -> None:
    """Let settings name these providers."""
    _known.update(providers)


def traits_of(name: str) -> Traits:
    """Return the traits of a provider; `ValueError` names those that there are."""
    if not _known:
        import_module(_PROVIDERS)
    if (found := _known.get(name)) is not None:
        return found
    message = f"there is no provider {name!r}; give one of {', '.join(sorted(_known))}"
    raise ValueError(message)
