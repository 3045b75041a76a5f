"""How a request is read: exact numbers, `""` as absent, no NUL characters, and a 422 for what cannot be read."""

import json
import re
from collections.abc import AsyncGenerator, Collection, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.connection.base import empty_receive, empty_send
from litestar.datastructures.multi_dicts import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import BodyKwarg
from litestar.types import Empty, Receive, Scope, Send
from litestar.typing import FieldDefinition

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.platform.http.days import day_of, is_moment, with_days
from lc_workflow.platform.http.fields import (
    BODY,
    LARGEST_EXPONENT,
    MOST_ERRORS,
    TOO_LARGE,
    beyond_reason,
    cannot_take,
    field_errors,
    read_as,
)

T = TypeVar("T")

Json: TypeAlias = Any
"""Decoded JSON, or the fields of a form."""

DEEPEST: Final = 32
MOST_FORM_FIELDS: Final = 1_000
FORMS: Final = frozenset({RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART})


def _number(text: str) -> Decimal | int:
    """Read a number with a fraction exactly; `12.0` is a whole number, which some libraries write so."""
    whole, _, fraction = text.partition(".")
    is_whole = fraction and not fraction.strip("0") and len(whole) <= LARGEST_EXPONENT
    return int(whole) if is_whole else Decimal(text)


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json")
_HALF: Final = re.compile("[\ud800-\udfff]")
"""Half a character: what is left of an emoji when a client cuts its text in the middle."""

_ODD_NUMBER: Final = re.compile(r"\s*[+-]?(?:s?nan\d*|inf(?:inity)?|[\d._]*e[+-]?\d{2,}|[\d._]{40,})\s*", re.IGNORECASE)
"""Text that Python accepts as a number although nobody means one: `NaN`, `Infinity`, `1e999999`."""


class MalformedBody(Invalid):
    """The body is not what its content type says."""


class CheckedRequest(Request[Any, Any, Any]):
    """A request that our handlers can rely on.

    The web app sends `""` for every field left empty, so empty members of objects, form fields and query parameters
    count as absent. Numbers with a fraction arrive as `Decimal`. Where a day is expected, a moment stands for the day
    it falls on at the branches. Text never holds a NUL character, which PostgreSQL cannot store.
    """

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        """Read the query string; the shell has already refused one that is not UTF-8."""
        super().__init__(scope, receive, send)
        self._parsed_query = tuple(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        self._broken: HTTPException | None = None

    def take_moments_for_days(self, names: Collection[str]) -> None:
        """Read the query parameters `names`, which are days, from moments too: JavaScript has no plain dates."""
        query = cast("tuple[tuple[str, str], ...]", self._parsed_query)
        self._parsed_query = tuple((name, day_of(text) if name in names else text) for name, text in query)

    async def json(self) -> Json:
        """Give the JSON body as plain values.

        Raises:
            MalformedBody: It is not JSON.
            InvalidInput: Some field holds what no field may hold.
            ClientException: 415, the body is announced as something else.
        """
        if self._json is Empty:
            state = self._connection_state
            if state.json is Empty:
                state.json = self._checked(_decoded(await self.body())) if self._sends_json() else None
            self._json = state.json
        return self._json

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Give the body piece by piece.

        A form with files that is too large or breaks off ends here as if it were complete, so that the parser closes
        the files it has begun; `form` then raises the actual failure.
        """
        try:
            async for piece in super().stream():
                yield piece
        except HTTPException as broken:
            if self.content_type[0] != RequestEncodingType.MULTI_PART:
                raise
            self._broken = broken
            yield b""

    async def form(self) -> FormMultiDict:
        """Give the form fields.

        Raises:
            MalformedBody: It is not a form, or not UTF-8.
            InvalidInput: Some field holds a NUL character.
            ClientException: 415, the body is announced as something else.
        """
        if self._form is Empty:
            state = self._connection_state
            if state.form is Empty:
                state.form = self._checked(await self._raw_form())
            self._form = FormMultiDict.from_form_data(cast("dict[str, Any]", state.form))
        return self._form

    async def body_as(self, expected: type[T]) -> T:
        """Read the body as `expected`, whether it comes as JSON or as a form (sign-in takes both).

        Raises:
            InvalidInput: It does not fit; every wrong field is named.
            ClientException: 415, the body is announced as something else.
        """
        if self.content_type[0] in FORMS:
            await self.form()
            value: Json = self._connection_state.form
        elif _JSON.fullmatch(self.content_type[0]):
            value = await self.json()
        else:
            raise ClientException(
                status_code=415, detail="Send the body as JSON or as a form, and say which in its Content-Type."
            )
        return read_as(value, expected)

    def _sends_json(self) -> bool:
        if not _JSON.fullmatch(self.content_type[0]):
            raise ClientException(status_code=415, detail="Send the body as JSON, with Content-Type: application/json.")
        return True

    async def _raw_form(self) -> dict[str, Any]:
        kind, options = self.content_type
        try:
            if kind == RequestEncodingType.MULTI_PART:
                if "boundary" not in options:
                    raise MalformedBody(
                        "The Content-Type of the form has no boundary; leave that header to your HTTP client."
                    )
                try:
                    await super().form()
                finally:
                    if self._broken:
                        raise self._broken
                self._form = Empty
                return cast("dict[str, Any]", self._connection_state.form)
            if kind == RequestEncodingType.URL_ENCODED:
                return _form_fields(await self.body())
        except (UnicodeError, LookupError) as unreadable:
            hint = "; a file in it needs a file name" if kind == RequestEncodingType.MULTI_PART else ""
            raise MalformedBody(f"The form is not UTF-8 text{hint}.") from unreadable
        raise ClientException(status_code=415, detail="Send the body as a form, with the fields this address expects.")

    def _checked(self, value: Json) -> Json:
        reading = _Reading()
        cleaned = reading.clean(value, "", 0)
        data = self.route_handler.parsed_data_field
        if reading.saw_moment and data is not None:
            cleaned = with_days(cleaned, data.annotation)
        if not reading.errors and reading.saw_odd_number and data is not None:
            reading.errors = field_errors(cleaned, data.annotation)
        if reading.errors:
            raise cannot_take(reading.errors)
        return cleaned


async def prepare(request: Request[Any, Any, Any]) -> None:
    """Check what Litestar reads without `CheckedRequest`: forms, and numbers and days in the query (`before_request`).

    Raises:
        InvalidInput: A number parameter holds something like `NaN`, or a form field a NUL character.
        MalformedBody: The form cannot be read.
    """
    handler = request.route_handler
    asked = list(request.query_params.multi_items())
    if odd := {name for name, text in asked if _nobody_means(text)}:
        numbers = {parameter_name(field) for field in _parameters(handler) if _is_number(field)}
        if wrong := sorted(odd & numbers):
            raise cannot_take(FieldError(name, "must be a number of a usual size", "query") for name in wrong)
    if any(is_moment(text) for _, text in asked):
        days = {parameter_name(field) for field in _parameters(handler) if _is_day(field)}
        cast("CheckedRequest", request).take_moments_for_days(days)
    data = handler.parsed_data_field
    if data is not None and isinstance(data.kwarg_definition, BodyKwarg) and data.kwarg_definition.media_type in FORMS:
        await request.form()


def _nobody_means(text: str) -> bool:
    try:
        return bool(_ODD_NUMBER.fullmatch(text)) and beyond_reason(Decimal(text.strip()))
    except ArithmeticError:
        return True


class _Reading:
    """One walk through a decoded body: drops empty members, collects what no field may hold."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.saw_odd_number = False
        self.saw_moment = False

    def clean(self, value: Json, path: str, depth: int) -> Json:
        if isinstance(value, str):
            if "\0" in value:
                self._refuse(path, "must not contain a NUL character")
            elif _ODD_NUMBER.fullmatch(value):
                self.saw_odd_number = True
            elif is_moment(value):
                self.saw_moment = True
        elif isinstance(value, dict):
            return self._clean_members(value, path, depth)
        elif isinstance(value, list):
            if depth < DEEPEST:
                return [self.clean(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
            self._refuse(path, "is nested too deeply")
        elif isinstance(value, int | Decimal) and beyond_reason(value):
            self._refuse(path, TOO_LARGE)
        return value

    def _clean_members(self, members: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
        if depth >= DEEPEST:
            self._refuse(path, "is nested too deeply")
            return {}
        kept = {}
        for name, item in members.items():
            below = f"{path}.{name}" if path else name
            if "\0" in name:
                self._refuse(path, "must not contain a NUL character")
            elif item != "":
                kept[name] = self.clean(item, below, depth + 1)
        return kept

    def _refuse(self, path: str, sentence: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(path[:200] or BODY, sentence))


def _decoded(body: bytes) -> Json:
    try:
        return _DECODER.decode(body)
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8 text.") from error
    except RecursionError as error:
        raise MalformedBody("The body is nested too deeply.") from error
    except ArithmeticError as error:
        raise MalformedBody("The body holds a number that is too large.") from error
    except msgspec.DecodeError as error:
        if halves := _halves_in(body):
            raise cannot_take(halves) from error
        raise MalformedBody(f"The body cannot be read as JSON: {error}.") from error


def _halves_in(body: bytes) -> list[FieldError]:
    """Name the texts with half a character, for which the decoder has no place; without them the body is not JSON."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = (FieldError(path[:200] or BODY, "must not contain half a character") for path in _halved(value, "", 0))
    return list(islice(found, MOST_ERRORS))


def _halved(value: Json, path: str, depth: int) -> Iterator[str]:
    if isinstance(value, str) and _HALF.search(value):
        yield path
    elif isinstance(value, dict) and depth < DEEPEST:
        for name, item in value.items():
            if _HALF.search(name):
                yield path
            else:
                yield from _halved(item, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for index, item in enumerate(value):
            yield from _halved(item, f"{path}[{index}]", depth + 1)


def _form_fields(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), errors="strict", max_num_fields=MOST_FORM_FIELDS)
    except UnicodeError:
        raise
    except ValueError as error:
        raise MalformedBody(f"The form has more than {MOST_FORM_FIELDS} fields.") from error
    fields: dict[str, Any] = {}
    for name, text in pairs:
        fields.setdefault(name, []).append(text)
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in fields.items()}


def _parameters(handler: BaseRouteHandler) -> Iterator[FieldDefinition]:
    yield from handler.parsed_fn_signature.parameters.values()
    for dependency in handler.resolve_dependencies().values():
        yield from dependency.parsed_fn_signature.parameters.values()


def parameter_name(field: FieldDefinition) -> str:
    """Return the name under which a parameter is sent, which is not always the one it has in our code."""
    return getattr(field.kwarg_definition, "name", None) or field.name


def _is_number(field: FieldDefinition) -> bool:
    return not {Decimal, float}.isdisjoint(_kinds(field))


def _is_day(field: FieldDefinition) -> bool:
    return date in _kinds(field)


def _kinds(field: FieldDefinition) -> tuple[Any, ...]:
    return (field.annotation, *(inner.annotation for inner in field.inner_types))
