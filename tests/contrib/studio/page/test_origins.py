"""A page of another origin, in a real browser, tries to read and change what the studio has: it cannot."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path

import browsers
import pytest
from studios import PLAN, serve

pytestmark = browsers.marks(__file__)
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"

# Each attempt -> what it brought: the text of an answer, its status, or the size of a picture.
ASK = """async ({ origin, id, token }) => {
    const photo = `${origin}/api/photos/${id}`;
    const plan = JSON.stringify({ plan: null, name: "Evil" });
    const paths = {
        GET: [`${origin}/`, `${origin}/page/core/plan.js`, `${origin}/api/photos`, photo, `${photo}/thumbnail`,
            `${photo}/preview?side=64`, `${photo}/history`, `${origin}/api/openapi.json`],
        POST: [`${photo}/undo`, `${origin}/api/session`, `${origin}/api/export`, `${origin}/api/paste`],
        PUT: [`${photo}/edits`],
        DELETE: [`${origin}/api/jobs/x`],
    };
    const bodies = {
        "/edits": plan,
        "/api/session": JSON.stringify({ token }),
        "/api/export": JSON.stringify({ ids: [id], format: "jpg" }),
        "/api/paste": JSON.stringify({ from: id, to: [id] }),
    };
    const brought = {};
    for (const [method, urls] of Object.entries(paths)) {
        for (const url of urls) {
            for (const mode of ["cors", "no-cors"]) {
                if (mode === "no-cors" && !["GET", "POST"].includes(method)) continue;
                for (const credentials of ["include", "omit"]) {
                    for (const type of ["text/plain", "application/json"]) {
                        if (method === "GET" && type === "application/json") continue;
                        const path = Object.keys(bodies).find((end) => url.endsWith(end));
                        const body = path && bodies[path];
                        const headers = method === "GET" ? {} : { "Content-Type": type };
                        if (mode === "cors" && method !== "GET") headers["If-Match"] = "1";
                        const name = `${method} ${url} ${mode} ${credentials} ${type}`;
                        try {
                            const answer = await fetch(url, { method, mode, credentials, headers, body });
                            const text = await answer.text().catch(() => "");
                            if (text || answer.status) brought[name] = text || answer.status;
                        } catch {} // refused, as it should be
                    }
                }
            }
        }
    }
    const element = (tag, facts) => new Promise((resolve) => {
        const made = Object.assign(document.createElement(tag), facts);
        made.onload = () => resolve(made);
        made.onerror = () => resolve(null);
        document.body.append(made);
        setTimeout(() => resolve(null), 1500);
    });
    for (const crossOrigin of [null, "anonymous", "use-credentials"]) {
        const facts = crossOrigin ? { crossOrigin } : {};
        const image = await element("img", { ...facts, src: `${photo}/thumbnail` });
        if (image?.naturalWidth) brought[`img ${crossOrigin}`] = image.naturalWidth;
        if (await element("script", { ...facts, src: `${origin}/page/core/plan.js` })) brought["script"] = true;
        const sheet = await element("link", { ...facts, rel: "stylesheet", href: `${origin}/page/style/base.css` });
        if (sheet) brought["link"] = true;
    }
    for (const tag of ["iframe", "embed", "object"]) {
        const held = await element(tag, tag === "object" ? { data: `${origin}/` } : { src: `${origin}/` });
        try {
            const text = held?.contentDocument?.body?.innerText;
            if (text) brought[tag] = text;
            if (held?.contentWindow?.length) brought[`${tag} frames`] = held.contentWindow.length;
        } catch {}
    }
    try {
        brought["import"] = Object.keys(await import(`${origin}/page/core/plan.js`));
    } catch {}
    try {
        new Worker(`${origin}/page/main.js`);
        brought["worker"] = true;
    } catch {}
    brought["beacon"] = navigator.sendBeacon(`${photo}/undo`, plan) && undefined;
    const opens = (made) => new Promise((resolve) => {
        made.onopen = () => resolve(true);
        made.onerror = () => resolve(false);
    });
    brought["socket"] = await opens(new WebSocket(origin.replace("http", "ws") + "/api/photos"));
    const events = new EventSource(`${origin}/api/photos`, { withCredentials: true });
    brought["events"] = await opens(events);
    events.close();
    return brought;
}"""

FORMS = """({ origin, id, token }) => {
    const photo = `${origin}/api/photos/${id}`;
    const posts = {
        [`${photo}/undo`]: "{}",
        [`${photo}/edits`]: JSON.stringify({ plan: null }),
        [`${origin}/api/paste`]: JSON.stringify({ from: id, to: [id] }),
        [`${origin}/api/export`]: JSON.stringify({ ids: [id], format: "jpg" }),
        [`${origin}/api/session`]: JSON.stringify({ token }),
        [`${origin}/api/photos?name=evil.jpg`]: "x",
    };
    for (const [action, body] of Object.entries(posts)) {
        const frame = document.createElement("iframe");
        frame.name = action;
        const facts = { method: "POST", enctype: "text/plain", action, target: action };
        const form = Object.assign(document.createElement("form"), facts);
        const at = body.lastIndexOf("}"); // the "=" of the field's value goes into a string that nobody reads
        const name = at > 1 ? `${body.slice(0, at)},"x":"` : body;
        form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: '"}' }));
        document.body.append(frame, form);
        form.submit();
    }
}"""


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return Path(shutil.copy(SAMPLES / "beach.jpg", tmp_path_factory.mktemp("photos")))


@pytest.fixture
def evil(tmp_path):
    """The address of another server on this machine, with a page of its own."""
    folder = tmp_path / "evil"
    folder.mkdir()
    frame = '<iframe id="boxed" sandbox="allow-scripts allow-forms allow-popups" srcdoc="<p>boxed</p>"></iframe>'
    (folder / "index.html").write_text(f"<!doctype html><title>Evil</title><body>{frame}")
    handler = functools.partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def state(client, photo):
    """All that another page could change: the journal, the folder, and what the server holds."""
    id = client.first()
    files = {path: path.read_bytes() for path in photo.parent.rglob("*") if path.is_file()}
    return files, client("GET", "/api/photos").json(), client("GET", f"/api/photos/{id}/history").json()


def attack(studio, tab, place, photo, token):
    """Let a page try everything; give what it brought, and the statuses of what the studio answered it."""
    statuses = []
    tab.on("response", lambda answer: answer.url.startswith(studio.origin) and statuses.append(answer.status))
    facts = {"origin": studio.origin, "id": studio.client.first(), "token": token}
    before = state(studio.client, photo)
    brought = place.evaluate(ASK, facts)
    place.evaluate(FORMS, facts)
    tab.wait_for_timeout(700)
    assert state(studio.client, photo) == before
    return {name: value for name, value in brought.items() if value}, statuses


@pytest.fixture(scope="module")
def studio(browser, photo):
    client, end = serve([photo])
    try:
        with browsers.page_of(browser, client) as opened:
            client("PUT", f"/api/photos/{client.first()}/edits", {"plan": PLAN}, If_Match="0")
            yield opened
    finally:
        end()


def test_the_attempts_succeed_from_the_studios_own_page(studio):
    """The proof that what is tried elsewhere is right: the same call reads, here."""
    facts = {"url": f"{studio.origin}/api/photos"}
    assert "beach.jpg" in studio.tab.evaluate("async ({ url }) => (await fetch(url)).text()", facts)


def test_a_page_of_another_port_reads_and_changes_nothing(studio, evil, photo):
    tab = studio.context.new_page()
    tab.goto(evil)
    brought, statuses = attack(studio, tab, tab, photo, studio.client.token)
    assert brought == {}
    assert 403 in statuses
    # The page itself and its files are no secret; whatever is under /api was refused.
    assert set(statuses) <= {200, 304, 403}


@pytest.mark.slow
def test_a_page_of_another_port_that_opens_the_studio_cannot_reach_into_it(studio, evil):
    tab = studio.context.new_page()
    tab.goto(evil)
    with studio.context.expect_page() as opened:
        tab.evaluate("url => { window.prey = open(url); }", f"{studio.origin}/")
    opened.value.wait_for_selector("studio-app")
    assert opened.value.evaluate("window.opener") is None
    read = """() => {
        try {
            return window.prey.document.body.innerText;
        } catch (error) {
            return window.prey.closed ? "closed" : error.name;
        }
    }"""
    assert tab.evaluate(read) in ("closed", "SecurityError")
    assert tab.evaluate("window.prey.closed")  # cut off from whoever opened it
    opened.value.close()


@pytest.mark.slow
def test_a_page_without_an_origin_reads_and_changes_nothing(studio, evil, photo):
    tab = studio.context.new_page()
    tab.goto(evil)
    tab.wait_for_selector("#boxed")
    boxed = tab.frames[1]
    boxed.wait_for_selector("p")
    assert boxed.evaluate("origin") == "null"
    brought, statuses = attack(studio, tab, boxed, photo, studio.client.token)
    assert brought == {}
    assert 403 in statuses


@pytest.mark.slow
def test_a_page_from_a_file_reads_and_changes_nothing(studio, photo, tmp_path):
    (tmp_path / "evil.html").write_text("<!doctype html><title>Evil</title><body>")
    tab = studio.context.new_page()
    tab.goto((tmp_path / "evil.html").as_uri())
    brought, statuses = attack(studio, tab, tab, photo, studio.client.token)
    assert brought == {}
    assert 403 in statuses


@pytest.mark.slow
def test_a_link_that_is_not_used_yet_is_of_no_use_to_another_page(browser, evil, photo):
    client, end = serve([photo])
    try:
        context = browser.new_context()
        tab = context.new_page()
        tab.goto(evil)
        enter = """async ({ url, token, mode }) => {
            const body = JSON.stringify({ token });
            const sent = { method: "POST", mode, credentials: "include", body };
            return fetch(url, sent).then(({ status }) => status, () => "refused");
        }"""
        url = f"http://127.0.0.1:{client.port}/api/session"
        for mode in ("cors", "no-cors"):
            with tab.expect_request(url):
                assert tab.evaluate(enter, {"url": url, "token": client.token, "mode": mode}) == "refused"
        assert [each for each in context.cookies() if each["name"].startswith("studio")] == []
        context.close()
        assert client.sign_in()("GET", "/api/photos").status == 200
    finally:
        end()


@pytest.mark.slow
def test_a_name_that_was_made_to_point_here_is_not_answered(browser, photo):
    """As by DNS rebinding: the browser takes the page for one of that name, and asks this server."""
    client, end = serve([photo])
    try:
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        with browsers.with_more(browser, rules) as fooled:
            tab = fooled.new_page()
            answer = tab.goto(f"http://evil.example:{client.port}/")
            assert answer.status == 403
            read = """async (token) => {
                const sent = { method: "POST", body: JSON.stringify({ token }) };
                const texts = [];
                for (const [path, options] of [["/", {}], ["/api/photos", {}], ["/api/session", sent]]) {
                    const answer = await fetch(path, options);
                    texts.push([answer.status, await answer.text()]);
                }
                return texts;
            }"""
            for status, text in tab.evaluate(read, client.token):
                assert status == 403
                assert "127.0.0.1 and localhost alone" in text
        client.sign_in()  # the link was not used up
    finally:
        end()
