"""Who looks after Inflow here, and who may what: community managers name people for roles.

What a role gives is in `bot.access`; who has it to begin with, in
`bot.access.Administrators`. Whoever gets or loses a role is told.

    handlers    what each word, button and form does
    messages    every sentence
"""

from typing import Any

from bot.access import Right
from bot.capabilities.roles import handlers
from bot.capability import Capability, Order
from bot.kind import duty, own

capability: Capability[Any] = Capability(
    name="roles",
    title="Roles",
    orders={
        "role": Order(
            handlers.list_roles,
            "",
            "shows who has which role, and gives or takes one",
            spoken=False,
            needs=Right.NAME_ROLES,
        ),
    },
    presses={
        "role.list": handlers.list_roles,
        "role.change": handlers.open_form,
        "role.change_steward": handlers.open_steward_form,
    },
    opens_forms=frozenset({"role.change", "role.change_steward"}),
    submits={"role.keep": handlers.keep, "role.keep_steward": handlers.keep_steward},
    home=handlers.home,
    about_me=handlers.about_me,
    letters={
        "role": own("they have just been given a role, or lost one"),
        "role.watched": duty(
            "they name people for roles, or have this one",
            despite_stop=True,
            each="nobody is to see more than before unseen",
        ),
    },
)
