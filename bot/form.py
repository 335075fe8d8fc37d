"""The platform-neutral form: a Slack modal, a Teams dialog, card inputs or a page.

Limits are those of a Slack modal (title and buttons 24 characters, labels and
hints 2,000, a text input 3,000).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from bot.message import Args, Option, Value


class _Input(Value):
    name: str = Field(pattern=r"^[a-z_]+$", max_length=40)
    label: str = Field(min_length=1, max_length=150)
    hint: str | None = Field(default=None, max_length=500)
    required: bool = False


class TextField(_Input):
    kind: Literal["text"] = "text"
    value: str = ""
    max_length: int = Field(default=150, ge=1, le=3_000)


class LongTextField(_Input):
    kind: Literal["long_text"] = "long_text"
    value: str = ""
    max_length: int = Field(default=3_000, ge=1, le=3_000)


class ChoiceField(_Input):
    """One of `options`; `value` is the option chosen before the person acts."""

    kind: Literal["choice"] = "choice"
    options: tuple[Option, ...] = Field(min_length=1, max_length=100)
    value: str | None = None

    @model_validator(mode="after")
    def _value_is_an_option(self) -> Self:
        if self.value is not None and self.value not in {o.value for o in self.options}:
            raise ValueError("value is not one of the options")
        return self


class PeopleField(_Input):
    """One person of the workspace; the value that comes back is that person's address."""

    kind: Literal["people"] = "people"
    value: str | None = None


class DateField(_Input):
    """A calendar day, `YYYY-MM-DD`, in the person's own zone."""

    kind: Literal["date"] = "date"
    value: str | None = None


class NumberField(_Input):
    kind: Literal["number"] = "number"
    value: float | None = None
    minimum: float | None = None
    maximum: float | None = None


AnyField: TypeAlias = Annotated[
    TextField | LongTextField | ChoiceField | PeopleField | DateField | NumberField,
    Field(discriminator="kind"),
]


def _filled(field: AnyField, value: str | None) -> AnyField:
    if value is None:
        return field
    given: str | float | None = value
    if isinstance(field, TextField | LongTextField):
        given = value[: field.max_length]
    elif isinstance(field, ChoiceField) and value not in {o.value for o in field.options}:
        return field
    elif isinstance(field, NumberField):
        try:
            given = float(value) if value.strip() else None
        except ValueError:
            return field
    elif not isinstance(field, ChoiceField) and not value.strip():
        given = None
    return field.model_copy(update={"value": given})


class Form(Value):
    """`action` is `capability.verb`; values come back as strings by field name."""

    title: str = Field(min_length=1, max_length=24)
    intro: str | None = Field(default=None, max_length=1_000)
    fields: tuple[AnyField, ...] = Field(min_length=1, max_length=20)
    submit: str = Field(default="Send", min_length=1, max_length=24)
    action: str = Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=100)
    args: Args = Field(default_factory=dict)

    def filled_with(self, values: Mapping[str, str], intro: str) -> "Form":
        """The same form with what somebody has typed in one like it, and why they see it again.
        What a field cannot hold is left as it was."""
        fields = tuple(_filled(field, values.get(field.name)) for field in self.fields)
        return self.model_copy(update={"fields": fields, "intro": intro})

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError("two fields have the same name")
        return self
