"""The page itself: live, readable, usable without seeing it, and safe with hostile words."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.e2e.conftest import run_program

OpenPage = Callable[..., Page]

HOSTILE = (
    '<img src=x onerror="document.title=1"><script>document.title=2</script> '
    "</p></li></ol> **b** [x](javascript:alert(1)) [Kim](person:kim) <!channel> مرحبا \u202eevil"
)


def write(page: Page, words: str) -> None:
    """Say something, once what was said before has been taken: until then the box is closed."""
    expect(page.locator("form[data-busy]")).to_have_count(0)
    page.get_by_role("textbox", name="Message").fill(words)
    page.keyboard.press("Enter")


def test_others_see_at_once_what_is_said(open_page: OpenPage) -> None:
    ana = open_page("as=ana&in=%23general")
    kim = open_page("as=kim&in=%23general")
    write(ana, "Good morning")
    expect(ana.get_by_role("textbox", name="Message")).to_have_value("")
    expect(kim.locator("#messages")).to_contain_text("Good morning")
    expect(kim.locator("#announcer")).to_have_text("Ana: Good morning")
    ana.get_by_role("button", name="Reply in thread").click()
    ana.get_by_role("textbox", name="Reply in the thread").fill("and a fine one")
    ana.keyboard.press("Enter")
    expect(kim.get_by_role("button", name="1 reply")).to_be_visible()


def test_news_elsewhere_have_a_dot_and_words(open_page: OpenPage) -> None:
    kim = open_page("as=kim&in=dm")
    ana = open_page("as=ana&in=%23general")
    write(ana, "Good morning")
    news = kim.locator("#conversations").get_by_role("button", name="general has something new")
    expect(news).to_be_visible()
    news.click()
    expect(kim.locator("#conversations")).not_to_contain_text("something new")


def test_who_becomes_another_during_a_look_sees_their_own(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=dm")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/conversations?**", hold, times=1)
    with page.expect_request("**/conversations?**"):
        page.get_by_role("button", name="direct message").click()
    page.locator("#people").get_by_role("button", name=re.compile(r"^Kim\b")).click()
    held[0].continue_()
    expect(page.locator("#whoami")).to_contain_text("Kim")
    expect(page.locator("#title")).to_have_text("Inflow")


def test_what_others_say_takes_nobodys_focus(open_page: OpenPage) -> None:
    ana = open_page("as=ana&in=%23general")
    write(ana, "Good morning")
    reply = ana.get_by_role("button", name="Reply in thread").first
    reply.focus()
    kim = open_page("as=kim&in=%23general")
    write(kim, "Good morning to you")
    expect(ana.locator("#messages")).to_contain_text("Good morning to you")
    expect(reply).to_be_focused()


def test_what_one_says_is_shown_when_the_box_takes_the_next_words(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch()))

    page.route("**/playground/api/say", hold, times=1)
    write(page, "Good morning")
    # The page looks every two seconds whether there is anything new.
    page.wait_for_timeout(4500)
    expect(page.locator("#messages")).not_to_contain_text("Good morning")
    [(route, answer)] = held
    route.fulfill(response=answer)
    write(page, "And welcome")
    expect(page.locator("#messages")).to_contain_text("And welcome")
    expect(page.locator("#messages .post", has_text="Good morning")).to_have_count(1)


def test_hostile_words_stay_words(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general")
    write(page, HOSTILE)
    words = page.locator("#messages .words").last
    expect(words).to_have_text(HOSTILE)
    assert page.title().startswith("#general")
    direct = open_page("as=ana&in=dm")
    write(direct, f"/ask {HOSTILE} where?")
    quote = direct.locator("#messages blockquote").first
    # A question is kept without the marks that would turn the words around it.
    expect(quote).to_have_text(f"{HOSTILE} where?".replace("\u202e", ""))
    for shown in (page, direct):
        found = shown.locator("#messages img:not(.avatar img), .content a, .content script")
        assert found.count() == 0


def test_forty_thousand_characters_and_no_words_at_all(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=dm")
    write(page, "w" * 41_000)
    expect(page.locator("#messages")).to_contain_text("40,000")
    write(page, "   ")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("   ")
    write(page, "\N{GRINNING FACE}" * 3)
    expect(page.locator("#messages .post")).to_have_count(4)


def test_button_that_was_pressed_goes_away_in_every_window(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=dm")
    other = open_page("as=ana&in=dm")
    write(page, "/ask How do I claim the taxi from a client visit?")
    button = other.get_by_role("button", name="Withdraw")
    expect(button).to_be_visible()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    expect(button).to_have_count(0)


def test_form_keeps_what_was_typed_and_leads_to_what_is_missing(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general")
    write(page, "/ask")
    dialog = page.get_by_role("dialog", name="Ask the experts")
    dialog.get_by_label("What have you tried?").fill("asked around")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    question = dialog.get_by_label("Your question")
    expect(question).to_be_focused()
    expect(question).to_have_attribute("aria-invalid", "true")
    expect(question).to_have_accessible_description(re.compile("Please fill this in"))
    expect(dialog.get_by_label("What have you tried?")).to_have_value("asked around")
    question.fill("Where are the blue pencils kept?")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#messages .post")).to_have_count(2)


def test_what_a_form_led_to_has_the_focus_where_it_replaced_its_button(
    open_page: OpenPage,
) -> None:
    page = open_page("as=dana&in=dm")
    write(page, "/campaign")
    page.get_by_role("button", name="Several parts").click()
    page.get_by_role("dialog").get_by_label("Title").fill("By keys")
    page.keyboard.press("Enter")
    card = page.locator("#messages .post", has_text="By keys is a draft")
    expect(card).to_be_focused()


def test_words_stay_in_the_box_when_the_program_is_gone(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with run_program(tmp_path) as address:
        page.goto(f"{address}/playground?as=ana")
        page.wait_for_selector("body[data-ready]")
        write(page, "kept on disk")
        expect(page.locator("#messages")).to_contain_text("kept on disk")
    write(page, "kept in the box")
    expect(page.get_by_role("status")).to_contain_text("Is it still running?")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("kept in the box")
    with run_program(tmp_path) as address:
        page.goto(f"{address}/playground?as=ben")
        expect(page.locator("#messages")).to_contain_text("kept on disk")
        page.close()


NAMELESS = """() => [
  ...document.querySelectorAll('button, input, select, textarea, a, ol, ul, dialog')
].filter((it) => it.checkVisibility() && !(it.getAttribute('aria-label')
    || it.getAttribute('aria-labelledby') || it.labels?.length || it.textContent.trim()))
  .map((it) => it.outerHTML)"""
DANGLING = """() => [...document.querySelectorAll('*')].flatMap((it) =>
  ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'].flatMap((name) =>
    (it.getAttribute(name) ?? '').split(/\\s+/).filter(Boolean)
      .filter((id) => document.querySelectorAll('#' + CSS.escape(id)).length !== 1)))"""

# WCAG 2.2, 1.4.3: the contrast of every visible text with what is behind it, by the formula of
# its "relative luminance". Translucent colours are mixed with those behind them.
PALE = """() => {
  const options = { willReadFrequently: true };
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', options);
  const read = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) =>
    [0, 1, 2].map((n) => top[n] * top[3] + below[n] * (1 - top[3])).concat(1);
  const behind = (it) => {
    if (!it) return [255, 255, 255, 1];
    const own = read(getComputedStyle(it).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(it.parentElement));
  };
  const linear = (n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.map((n) => linear(n / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const words = walk.currentNode.data.trim();
    const it = walk.currentNode.parentElement;
    if (!words || !it.checkVisibility({ opacityProperty: true })) continue;
    if (it.closest('.hidden, noscript, [aria-disabled=true]')) continue;
    const ground = behind(it);
    const ink = over(read(getComputedStyle(it).color), ground);
    const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.push(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_named_and_readable(
    open_page: OpenPage, scheme: Literal["light", "dark"]
) -> None:
    page = open_page("as=ana&in=%23general", color_scheme=scheme)

    def check() -> None:
        page.wait_for_timeout(0)
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(DANGLING) == []
        assert page.evaluate(PALE) == []

    check()
    write(page, "/nonsense")
    expect(page.locator("#messages")).to_contain_text("I do not know the command")
    write(page, "@inflow How do I claim the taxi from a client visit?")
    page.get_by_role("button", name="1 reply").click()
    expect(page.locator("#thread-messages")).to_contain_text("Anybody may answer")
    check()
    page.get_by_role("textbox", name="Message").fill("/")
    page.get_by_role("textbox", name="Message").press("End")
    page.get_by_role("textbox", name="Message").type("a")
    expect(page.get_by_role("listbox")).to_be_visible()
    check()
    page.keyboard.press("Escape")
    write(page, "/ask")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    check()


def test_who_comes_back_to_the_box_at_once_keeps_the_list_of_commands(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general")
    box = page.get_by_role("textbox", name="Message")
    box.focus()
    page.evaluate(
        """() => {
            const box = document.querySelector("#composer");
            box.blur();
            box.focus();
            box.value = "/a";
            box.dispatchEvent(new Event("input"));
        }"""
    )
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    expect(page.get_by_role("listbox")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_way_out_of_an_offer_is_quiet_and_still_there(
    open_page: OpenPage, scheme: Literal["light", "dark"], width: int
) -> None:
    ana = open_page("as=ana&in=%23general")
    write(ana, "/ask How do I claim the taxi from a client visit?")
    expect(ana.locator("#messages")).to_contain_text("I have asked a colleague")
    kim = open_page("as=kim&in=dm", color_scheme=scheme, viewport={"width": width, "height": 800})
    quiet = kim.locator("#messages .button[data-action^='attention.']")
    expect(quiet).to_have_count(3)
    looks = quiet.evaluate_all(
        "(all) => all.map((it) => { const look = getComputedStyle(it);"
        " return [look.backgroundColor, look.borderTopColor, look.fontWeight,"
        " look.textDecorationLine]; })"
    )
    assert {tuple(look) for look in looks} == {
        ("rgba(0, 0, 0, 0)", "rgba(0, 0, 0, 0)", "500", "underline")
    }
    assert kim.evaluate(PALE) == []
    for box in (each.bounding_box() for each in quiet.all()):
        assert box is not None
        # WCAG 2.2, 2.5.8: a target of at least 24 by 24.
        assert min(box["height"], box["width"]) >= 24
    # The ring is drawn for who comes by keyboard: from the button before it.
    kim.locator("#messages .button").nth(-4).focus()
    kim.keyboard.press("Tab")
    expect(quiet.first).to_be_focused()
    ring = quiet.first.evaluate(
        "(it) => [getComputedStyle(it).outlineStyle, getComputedStyle(it).outlineWidth]"
    )
    assert ring == ["solid", "2px"]
    assert kim.evaluate("document.documentElement.scrollWidth") <= width


def test_empty_playground_says_how_to_begin(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 700})
    begin = page.get_by_text("Nobody is here yet.")
    with run_program(tmp_path, INFLOW_DEMO="false") as address:
        page.goto(f"{address}/playground")
        expect(begin).to_be_visible()
        # Who has hidden it needs it again when they come back to a place that is still empty.
        page.get_by_role("button", name="Hide this hint").click()
        expect(begin).to_be_hidden()
        page.reload()
        expect(begin).to_be_visible()
        page.get_by_role("button", name="Menu", exact=True).click()
        page.get_by_role("button", name="Somebody joins…").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Nora")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-ready]")
        expect(page.locator("#messages")).to_contain_text("Nobody has said anything yet")
        expect(page.locator("#hint")).to_be_hidden()
        page.close()


def test_nothing_moves_for_those_who_want_that(open_page: OpenPage) -> None:
    page = open_page("as=ana", reduced_motion="reduce")
    moving = page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((it) => {"
        " const look = getComputedStyle(it); return look.animationName !== 'none'"
        " || parseFloat(look.transitionDuration) > 0; }).map((it) => it.className)"
    )
    assert moving == []


def test_what_cannot_be_undone_is_asked_for_first(open_page: OpenPage) -> None:
    page = open_page("as=kim&in=dm")
    write(page, "/me")
    button = page.get_by_role("button", name="Take my name off the FAQ")
    dialog = page.get_by_role("dialog", name="Take your name off?")
    expect(button).to_be_visible()
    before = page.locator("#messages .post").count()
    for refusal in ("Escape", "No"):
        button.click()
        expect(dialog).to_be_visible()
        if refusal == "Escape":
            page.keyboard.press(refusal)
        else:
            dialog.get_by_role("button", name=refusal).click()
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()
    assert page.locator("#messages .post").count() == before
    button.click()
    dialog.get_by_role("button", name="Take it off").click()
    expect(page.locator("#messages .post")).to_have_count(before + 1)


LISTEN = """() => {
  window.told = "";
  const said = document.querySelector("[role=status]");
  new MutationObserver(() => { told += said.textContent; }).observe(said, { childList: true });
}"""
"""Keeps what is said, which stands there for some seconds only."""


def test_somebody_joins_and_leaves(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general")
    other = open_page("as=ben&in=dm")
    page.get_by_role("button", name="Somebody joins…").click()
    dialog = page.get_by_role("dialog", name="Somebody joins")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_role("button", name="Join", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Please give a name.")
    dialog.get_by_label("Name").fill("Nora")
    dialog.get_by_label("Time zone").fill("Asia/Seoul")
    dialog.get_by_label("What they do").fill("New in the office in Seoul")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#whoami")).to_contain_text("Nora")
    expect(page.locator("#messages")).to_contain_text("Here is what I can do")
    expect(page.locator("#clock-now")).to_contain_text("Asia/Seoul")
    expect(page.get_by_title("New in the office in Seoul")).to_have_text("Nora")
    expect(other.locator("#people")).to_contain_text("Nora")

    other.locator("#people").get_by_role("button", name=re.compile("^Nora")).click()
    page.get_by_role("button", name="Nora leaves…").click()
    sure = page.get_by_role("dialog", name="Nora leaves?")
    sure.get_by_role("button", name="Cancel").click()
    expect(page.locator("#whoami")).to_contain_text("Nora")
    for window in (page, other):
        window.evaluate(LISTEN)
    page.get_by_role("button", name="Nora leaves…").click()
    sure.get_by_role("button", name="Nora leaves").click()
    for window in (page, other):
        expect(window.locator("#people")).not_to_contain_text("Nora")
        expect(window.locator("#whoami")).not_to_contain_text("Nora")
        window.wait_for_function("() => told.includes('has left')")


def test_actions_of_a_message_cover_nothing_on_a_narrow_screen(open_page: OpenPage) -> None:
    page = open_page("as=ana&in=%23general", viewport={"width": 375, "height": 700})
    for words in ("Good morning", "Good afternoon", "Good evening"):
        write(page, words)
        expect(page.locator("#messages")).to_contain_text(words)
    post = page.locator("#messages .post", has_text="Good afternoon")
    post.hover()
    expect(post.get_by_role("button", name="Reply in thread")).to_be_hidden()
    post.get_by_role("button", name="Message actions").click()
    outside = post.evaluate(
        "(post) => [...post.querySelectorAll('.actions button')].filter((it) => {"
        " const [own, all] = [it.getBoundingClientRect(), post.getBoundingClientRect()];"
        " return own.top < all.top || own.bottom > all.bottom || own.right > all.right; }).length"
    )
    assert outside == 0
    foot = post.get_by_role("button", name="Reply in thread").bounding_box()
    words_box = post.locator(".words").bounding_box()
    assert foot is not None
    assert words_box is not None
    assert foot["y"] >= words_box["y"] + words_box["height"]
    post.get_by_role("button", name="Reply in thread").click()
    expect(page.get_by_role("textbox", name="Reply in the thread")).to_be_visible()


def test_an_answer_is_marked_with_the_keyboard(open_page: OpenPage) -> None:
    ana, kim = open_page("as=ana&in=%23general"), open_page("as=kim&in=%23general")
    write(ana, "@inflow How do I claim the taxi from a client visit?")
    kim.get_by_role("button", name="1 reply").click()
    kim.get_by_role("textbox", name="Reply in the thread").fill("In the expense tool, as travel.")
    kim.keyboard.press("Enter")
    ana.get_by_role("button", name="2 replies").click()
    answer = ana.locator("#thread-messages .post", has_text="In the expense tool, as travel.")
    answer.get_by_role("button", name="Mark as the answer").focus()
    ana.keyboard.press("Enter")
    expect(ana.locator("#thread-messages")).to_contain_text("Answered and accepted")
