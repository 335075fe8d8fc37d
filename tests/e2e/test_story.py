"""The story of the README, in a browser: ask, answer, accept, ask again in other words."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

QUESTION = "How do I claim the taxi from a client visit?"
IN_OTHER_WORDS = "How do I get my taxi back after visiting a client?"
ANSWER = "File it as local travel in the expense tool, with the client's name."

OpenPage = Callable[..., Page]


def write(page: Page, words: str) -> None:
    """Say something, once what was said before has been taken: until then the box is closed."""
    expect(page.locator("form[data-busy]")).to_have_count(0)
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")


def person_button(page: Page, name: str) -> Locator:
    return page.locator("#people").get_by_role("button", name=re.compile(rf"^{name}\b"))


def become(page: Page, name: str) -> None:
    person_button(page, name).click()
    expect(page.locator("#whoami")).to_contain_text(name)


def messages(page: Page) -> str:
    return page.locator("#messages").inner_text()


def who_has_news(page: Page) -> str:
    """The first colleague with a dot, in words that a screen reader says."""
    other = page.locator("#people").get_by_text("has something new").first
    other.wait_for(state="attached")
    return str(other.text_content()).removesuffix(" has something new")


def ana_has_news(page: Page) -> None:
    """Who has news is led to it; who has none yet stays where they were."""
    expect(page.locator("#people")).to_contain_text("Ana has something new")


def test_ask_answer_accept_and_ask_again(open_page: OpenPage) -> None:
    page = open_page(**DESK)
    expect(page.locator("#hint")).to_contain_text(f"as Ana in #general, write “/ask {QUESTION}”")
    expect(page.locator("#whoami")).to_contain_text("Ana")
    expect(page.locator("#title")).to_have_text("#general")
    page.get_by_role("button", name="Hide this hint").click()
    expect(page.locator("#hint")).to_be_hidden()
    become(page, "Ana")
    write(page, f"/ask {QUESTION}")
    expect(page.locator("#messages")).to_contain_text("is on its way")
    expect(page.locator("#messages")).to_contain_text("Only you can see this")

    expert = who_has_news(page)
    become(page, expert)
    expect(page.locator("#title")).to_have_text("Inflow")
    expect(page.locator("#messages")).to_contain_text(QUESTION)
    expect(page.locator("#messages")).to_contain_text("Why you:")
    page.get_by_role("button", name="I take it").click()
    expect(page.locator("#messages")).to_contain_text("You took this")
    expect(page.get_by_role("button", name="I take it")).to_have_count(0)
    page.get_by_role("button", name="Answer", exact=True).click()
    dialog = page.get_by_role("dialog", name="Answer")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text("Please fill this in.")).to_be_visible()
    dialog.get_by_role("textbox").fill(ANSWER)
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog).to_be_hidden()

    ana_has_news(page)
    become(page, "Ana")
    expect(page.locator("#messages")).to_contain_text(ANSWER)
    page.get_by_role("button", name="That’s the answer").click()
    expect(page.locator("#messages")).to_contain_text("answer is accepted")

    become(page, "Ben")
    page.get_by_role("button", name="general", exact=True).click()
    write(page, f"/ask {IN_OTHER_WORDS}")
    expect(page.locator("#messages")).to_contain_text(ANSWER)
    page.get_by_role("button", name="Solves it").click()
    expect(page.get_by_role("button", name="Solves it")).to_have_count(0)

    become(page, "Ana")
    page.get_by_role("button", name="general", exact=True).click()
    expect(page.locator("#title")).to_have_text("#general")
    assert IN_OTHER_WORDS not in messages(page)
    page.get_by_role("button", name="direct message").click()
    page.get_by_role("button", name="+1 week").click()
    # A week of everybody's timers is played before it is there.
    expect(page.locator("#messages")).to_contain_text("Did it work?", timeout=30_000)
    expect(page.locator("#clock-now")).to_contain_text("moved by")
    page.get_by_role("button", name="Worked", exact=True).click()
    expect(page.get_by_role("button", name="Worked", exact=True)).to_have_count(0)


def focused(page: Page) -> str:
    """The words of what has the focus."""
    return str(
        page.evaluate(
            "() => { const it = document.activeElement;"
            " if (it === document.body) return '';"
            " return it.getAttribute('aria-label') || it.labels?.[0]?.textContent"
            " || it.textContent.trim(); }"
        )
    )


def tab_to(page: Page, words: str, *, key: str = "Tab") -> None:
    """Press Tab until what is named so has the focus, and can be seen to have it."""
    for _ in range(120):
        if words in focused(page):
            outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {words} can be seen"
            return
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not lead to {words}")


def choose(page: Page, words: str) -> None:
    tab_to(page, words)
    page.keyboard.press("Enter")


def test_story_by_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general", **DESK)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the message box"
    page.keyboard.press("Enter")
    assert "Message #general as Ana" in focused(page)

    page.keyboard.type("/")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(page.get_by_role("option", selected=True)).to_contain_text("/ask")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).not_to_contain_text("/ask")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.type("How do I claim")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("the taxi from a client visit?")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("is on its way")

    expert = who_has_news(page)
    choose(page, f"{expert} has something new")
    expect(page.locator("#whoami")).to_contain_text(expert)
    page.keyboard.press("Escape")
    choose(page, "I take it")
    expect(page.locator("#messages")).to_contain_text("You took this")
    assert "Inflow" in focused(page), "the focus is on the message that was pressed"
    page.keyboard.press("Tab")
    choose(page, "Answer")
    expect(page.get_by_role("dialog", name="Answer")).to_be_visible()
    assert "Your answer" in focused(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert focused(page) == "Answer", "the focus is back on the button"
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Answer")).to_be_visible()
    page.keyboard.type(ANSWER)
    choose(page, "Send")
    expect(page.get_by_role("dialog")).to_have_count(0)

    ana_has_news(page)
    choose(page, "Ana has something new")
    expect(page.locator("#messages")).to_contain_text(ANSWER)
    choose(page, "That’s the answer")
    expect(page.locator("#messages")).to_contain_text("answer is accepted")
    choose(page, "+1 h")
    expect(page.locator("#announcer")).to_contain_text("It is now")


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0
    wide = page.evaluate(
        "() => [...document.querySelectorAll('.main *, .thread *, dialog[open] *')]"
        ".filter((it) => it.checkVisibility() && !it.closest('.hidden, .completion')"
        " && it.getBoundingClientRect().right > innerWidth + 1).map((it) => it.outerHTML)"
    )
    assert wide == []


def test_story_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general", **PHONE)
    fits(page)
    sidebar = page.locator("#sidebar")
    expect(sidebar).to_be_hidden()
    page.get_by_role("textbox", name="Message").fill(f"@inflow {QUESTION}")
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("button", name="1 reply").tap()
    expect(page.locator("#thread-messages")).to_contain_text("I have asked a colleague")
    fits(page)
    page.get_by_role("button", name="Close the thread").tap()

    page.get_by_role("button", name="Menu").tap()
    expect(sidebar).to_be_visible()
    expert = who_has_news(page)
    page.get_by_role("button", name=f"{expert} has something new").tap()
    expect(sidebar).to_be_hidden()
    page.get_by_role("button", name="Answer now").tap()
    dialog = page.get_by_role("dialog", name="Answer")
    dialog.get_by_role("textbox").fill(ANSWER)
    fits(page)
    dialog.get_by_role("button", name="Send", exact=True).tap()
    expect(dialog).to_be_hidden()

    page.get_by_role("button", name="Menu").tap()
    ana_has_news(page)
    person_button(page, "Ana").tap()
    page.get_by_role("button", name="That’s the answer").first.tap()
    expect(page.locator("body")).to_contain_text("answer is accepted")
    fits(page)
    page.get_by_role("button", name="Menu").tap()
    page.get_by_role("button", name="+1 week").tap()
    # It was moved before, to the next morning of a working day.
    moved = re.compile(r"moved by ([7-9]|1\d) days")
    expect(page.locator("#clock-now")).to_contain_text(moved, timeout=60_000)
