"""The sandbox as programs see it that nobody of ours wrote: fbmessenger and fbmq send through it
unchanged but for their base address and read the webhooks it emits; joserfc reads its tokens.

Started with pytest; VENTANILLA_BIN names the directory of the built programs.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import secrets
import subprocess
import threading
import time
import urllib.parse

import fbmessenger
import fbmq
import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

BINARIES = pathlib.Path(os.environ.get("VENTANILLA_BIN", ".build/debug"))
PAGE = "105550000000001"
SECOND_PAGE = "105550000000002"
TOKEN = "page-token"
SECOND_TOKEN = "second-page-token"
SECRET = "app-secret"
VERIFY = "verify-token"
CUSTOMER = "5550000000000011"
CLIENT = ("bank-desk", "client-secret")
REDIRECT = "http://127.0.0.1:9/sign-in"
PATIENCE = 10


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Callback:
    """A callback that keeps what it gets, byte for byte, and answers as told."""

    def __init__(self):
        self.posts = []
        self.handshakes = []
        self.statuses = []
        self.refused_handshakes = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                outer.handshakes.append(query)
                if outer.refused_handshakes > 0:
                    outer.refused_handshakes -= 1
                    return self.answer(403)
                self.answer(200, query["hub.challenge"].encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.append((body, dict(self.headers)))
                self.answer(outer.statuses.pop(0) if outer.statuses else 200)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhooks"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def events(self, kind=None):
        """Every event so far, in order of arrival."""
        found = []
        for body, _ in list(self.posts):
            for entry in json.loads(body)["entry"]:
                found += entry["messaging"]
        return [one for one in found if kind is None or kind_of(one) == kind]


def kind_of(event):
    if "message" in event:
        return "echo" if event["message"].get("is_echo") else "message"
    return "delivery" if "delivery" in event else "read"


class Sandbox:
    def __init__(self, directory, callback, *arguments):
        self.log_path = directory / "requests.jsonl"
        secret_file = directory / "app.secret"
        secret_file.write_text(SECRET + "\n")
        command = [
            BINARIES / "sandbox", "--port", "0", "--app-secret-file", secret_file,
            "--verify-token", VERIFY, "--page", f"{PAGE}={TOKEN}",
            "--page", f"{SECOND_PAGE}={SECOND_TOKEN}", "--log", self.log_path,
            "--client-id", CLIENT[0], "--client-secret", CLIENT[1],
            "--redirect-uri", REDIRECT, *arguments,
        ]
        if callback:
            command += ["--callback", callback.url]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE)
        line = json.loads(self.process.stdout.readline())
        self.base = line["listening"]
        assert self.base.endswith(f":{line['port']}")

    def close(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0

    def control(self, path, document=None, status=200, method=None):
        method = method or ("GET" if document is None else "POST")
        answer = requests.request(
            method, f"{self.base}/control/{path}", json=document, timeout=PATIENCE)
        assert answer.status_code == status, answer.text
        return answer.json()

    def write(self, text="Hola", customer=CUSTOMER, **more):
        return self.control(f"customers/{customer}/messages", {"text": text, **more})

    def send(self, message, customer=CUSTOMER, token=TOKEN, timeout=PATIENCE, change=None):
        body = {"recipient": {"id": customer}, "messaging_type": "RESPONSE", "message": message}
        return requests.post(
            f"{self.base}/v25.0/{PAGE}/messages", params={"access_token": token},
            json=body | (change or {}), timeout=timeout)

    def lines(self, kind):
        text = self.log_path.read_text().splitlines()
        return [one for one in map(json.loads, text) if one["kind"] == kind]


@pytest.fixture
def callback():
    callback = Callback()
    yield callback
    callback.close()


@pytest.fixture
def sandbox(tmp_path, callback):
    sandbox = Sandbox(tmp_path, callback)
    until(lambda: sandbox.control("statistics")["verified"], "the handshake")
    sandbox.control("settings", {"delivered_after_ms": 5, "read_after_ms": 20})
    yield sandbox
    sandbox.close()


# ---- counterparts


def messenger(sandbox, **more):
    client = fbmessenger.MessengerClient(TOKEN, **more)
    client.graph_url = f"{sandbox.base}/v2.12"
    return client


def test_fbmessenger_sends_and_reads(sandbox, callback):
    sandbox.write("¿Por qué no funciona mi tarjeta?")
    client = messenger(sandbox, app_secret=SECRET)
    answer = client.send({"text": "Buenos días, soy Ana."}, CUSTOMER)
    assert answer["recipient_id"] == CUSTOMER
    assert answer["message_id"].startswith("m_")
    assert client.send_action("typing_on", CUSTOMER) == {"recipient_id": CUSTOMER}
    assert client.get_user_data(CUSTOMER, fields="first_name,last_name") == {
        "first_name": "Marta", "last_name": "Ríos", "id": CUSTOMER}

    class Reader(fbmessenger.BaseMessenger):
        def __init__(self):
            super().__init__(TOKEN)
            self.seen = []

        def message(self, message):
            self.seen.append(message["message"]["text"])

        def delivery(self, message):
            self.seen.append(message["delivery"]["mids"])

        def read(self, message):
            self.seen.append("read")

        account_linking = optin = postback = lambda self, message: None

    until(lambda: callback.events("read"), "the customer to see it")
    reader = Reader()
    for body, _ in callback.posts:
        reader.handle(json.loads(body))
    assert reader.seen == [
        "¿Por qué no funciona mi tarjeta?", "Buenos días, soy Ana.", [answer["message_id"]],
        "read"]


def test_fbmessenger_wrong_proof_is_refused(sandbox):
    sandbox.write()
    answer = messenger(sandbox, app_secret="another").send({"text": "x"}, CUSTOMER)
    assert answer["error"]["code"] == 100
    assert "appsecret_proof" in answer["error"]["message"]


def test_fbmq_sends_and_reads(sandbox, callback):
    sandbox.write("Hola")
    page = fbmq.Page(TOKEN)
    page._api_uri = lambda sub: f"{sandbox.base}/v2.6/{sub}"
    # fbmq writes every field it does not use as an explicit null.
    answer = page.send(
        CUSTOMER, "¿Con qué cuenta?", metadata="job-7",
        quick_replies=[{"title": "Nómina", "payload": "PAYROLL"}])
    assert answer.status_code == 200, answer.text
    page.typing_on(CUSTOMER)
    assert page.page_id == PAGE
    assert page.get_user_profile(CUSTOMER)["first_name"] == "Marta"
    until(lambda: callback.events("read"), "the customer to see it")
    sandbox.write("Nómina", quick_reply="PAYROLL")
    until(lambda: len(callback.events("message")) == 2, "the quick reply")

    seen = {"message": [], "echo": [], "delivery": [], "read": []}
    for body, _ in callback.posts:
        page.handle_webhook(
            body.decode(), **{name: events.append for name, events in seen.items()})
    assert [event.text for event in seen["message"]] == ["Hola", "Nómina"]
    assert seen["message"][1].quick_reply_payload == "PAYROLL"
    (echo,) = seen["echo"]
    assert echo.metadata == "job-7"
    assert echo.mid == answer.json()["message_id"]
    assert echo.app_id == 700000000000001
    assert seen["delivery"][0].mids == [echo.mid]
    assert len(seen["read"]) == 1


def test_fbmq_reads_every_event_of_a_batch(sandbox, callback):
    sandbox.control("settings", {
        "batch_size": 10, "events_per_entry": 2, "batch_wait_ms": 300})
    for number in range(5):
        sandbox.write(f"text {number}", customer=str(5550000000001000 + number))
    until(lambda: len(callback.events()) == 5, "the batch")
    (body, _), = callback.posts
    assert [len(entry["messaging"]) for entry in json.loads(body)["entry"]] == [2, 2, 1]
    texts = []
    fbmq.Page(TOKEN).handle_webhook(
        body.decode(), message=lambda event: texts.append(event.text))
    assert sorted(texts) == [f"text {number}" for number in range(5)]


# ---- webhooks


def test_handshake_is_retried_until_the_callback_passes(tmp_path, callback):
    callback.refused_handshakes = 2
    sandbox = Sandbox(tmp_path, callback)
    try:
        sandbox.write("before")
        until(lambda: callback.events(), "the event that waited")
        assert len(callback.handshakes) == 3
        assert callback.handshakes[0]["hub.mode"] == "subscribe"
        assert callback.handshakes[0]["hub.verify_token"] == VERIFY
        assert [line["verified"] for line in sandbox.lines("handshake")] == [False, False, True]
    finally:
        sandbox.close()


def test_signatures_cover_the_bytes_that_are_sent(sandbox, callback):
    sandbox.write("äöå 20% <a@b.c> 💶 and/or \"x\"")
    until(lambda: callback.posts, "the webhook")
    body, headers = callback.posts[0]
    assert headers["X-Hub-Signature-256"] == (
        "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest())
    assert headers["X-Hub-Signature"] == (
        "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest())
    for written in [rb"\u00e4\u00f6\u00e5", rb"and\/or", rb"\ud83d\udcb6", rb"\u003Ca\u0040b.c>"]:
        assert written in body
    assert json.loads(body)["entry"][0]["messaging"][0]["message"]["text"] == (
        "äöå 20% <a@b.c> 💶 and/or \"x\"")
    # A reader that writes the document anew gets other bytes: that is the point.
    assert json.dumps(json.loads(body)).encode() != body


def test_a_few_retries_at_once_and_then_none(sandbox, callback):
    callback.statuses = [500, 503, 302, 500]
    sandbox.control("settings", {"retry_delay_ms": 1})
    first = sandbox.write("lost")["mid"]
    until(lambda: sandbox.control("statistics")["webhooks_given_up"] == 1, "giving up")
    second = sandbox.write("found")["mid"]
    until(lambda: sandbox.control("statistics")["webhooks_delivered"] == 1, "the second message")
    attempts = [
        (line["mids"], line["attempt"], line["status"], line["outcome"])
        for line in sandbox.lines("webhook")]
    assert attempts == [
        ([first], 1, 500, "failed"), ([first], 2, 503, "failed"), ([first], 3, 302, "failed"),
        ([first], 4, 500, "given_up"), ([second], 1, 200, "delivered")]
    same = {re.sub(rb'"time":\d+', b"", body) for body, _ in callback.posts[:4]}
    assert len(same) == 1
    marks = [one["mark"] for one in sandbox.control(f"customers/{CUSTOMER}/messages")["messages"]]
    assert marks == ["failed", "delivered"]


def test_a_customers_messages_keep_their_order(sandbox, callback):
    # 20 ms of retry delay give a later message every chance to overtake.
    callback.statuses = [500] * 3
    sandbox.control("settings", {"retry_delay_ms": 20})
    for number in range(30):
        sandbox.write(str(number), customer=str(5550000000002000 + number % 3))
    until(lambda: sandbox.control("statistics")["webhooks_delivered"] == 30, "all messages")
    seen = {}
    for event in callback.events("message"):
        texts = seen.setdefault(event["sender"]["id"], [])
        if event["message"]["text"] not in texts:
            texts.append(event["message"]["text"])
    for remainder, texts in enumerate(seen[key] for key in sorted(seen)):
        assert texts == [str(number) for number in range(remainder, 30, 3)]


def test_held_events_leave_when_released_also_reversed(sandbox, callback):
    sandbox.control("settings", {"hold": ["message"]})
    for text in "abc":
        sandbox.write(text)
    time.sleep(0.1)
    assert callback.events() == []
    assert sandbox.control("release", {"order": "reversed"}) == {"released": 3}
    until(lambda: len(callback.events()) == 3, "what was held")
    assert [one["message"]["text"] for one in callback.events()] == ["c", "b", "a"]
    stamps = [one["timestamp"] for one in callback.events()]
    assert stamps == sorted(stamps, reverse=True)


def test_duplicates_and_dropped_echoes(sandbox, callback):
    sandbox.control("settings", {"duplicate_every": 1, "drop": ["echo", "delivery", "read"]})
    mid = sandbox.write("twice")["mid"]
    until(lambda: len(callback.posts) == 2, "the duplicate")
    assert [one["message"]["mid"] for one in callback.events()] == [mid, mid]
    assert sandbox.send({"text": "quiet"}).status_code == 200
    until(lambda: sandbox.control("statistics")["events_dropped"] == 3, "the dropped events")
    assert len(callback.posts) == 2


@pytest.mark.parametrize("effect, arrivals, signed", [
    ("lost", 1, [True]), ("answer_lost", 2, [True, True]),
    ("wrong_signature", 2, [False, True]), ("truncated", 2, [False, True]),
])
def test_webhook_faults(sandbox, callback, effect, arrivals, signed):
    callback.statuses = [] if effect in ("lost", "answer_lost") else [403]
    sandbox.control("webhook-faults", {"effect": effect})
    sandbox.write("x")
    until(lambda: sandbox.control("statistics")["webhooks_delivered"] == 1, "the delivery")
    assert len(callback.posts) == arrivals
    good = [
        headers["X-Hub-Signature-256"]
        == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        for body, headers in callback.posts]
    assert good == signed


@pytest.mark.parametrize("signature", ["right", "wrong", "missing"])
def test_any_bytes_can_be_injected(sandbox, callback, signature):
    body = b'{"object":"page","entry":[]}\xff\xfe'
    callback.statuses = [418]
    answer = sandbox.control("webhooks", {
        "base64": base64.b64encode(body).decode(), "signature": signature})
    assert answer == {"status": 418, "body": ""}
    sent, headers = callback.posts[0]
    assert sent == body
    right = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert (headers.get("X-Hub-Signature-256") == right) == (signature == "right")
    assert ("X-Hub-Signature-256" in headers) == (signature != "missing")


# ---- the Send API


def test_send_is_logged_before_it_is_answered(sandbox):
    sandbox.write()
    mid = sandbox.send({"text": "Sí", "metadata": "job-1"}).json()["message_id"]
    (line,) = sandbox.lines("send")
    assert {name: line[name] for name in (
        "page", "recipient", "text", "metadata", "outcome", "mid", "status")} == {
        "page": PAGE, "recipient": CUSTOMER, "text": "Sí", "metadata": "job-1",
        "outcome": "accepted", "mid": mid, "status": 200}


def test_form_bodies_and_bearer_tokens(sandbox):
    sandbox.write()
    answer = requests.post(
        f"{sandbox.base}/me/messages", headers={"Authorization": f"Bearer {TOKEN}"},
        data={
            "recipient": json.dumps({"id": CUSTOMER}), "messaging_type": "RESPONSE",
            "message": json.dumps({"text": "a+b & c", "attachment": None}),
        }, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    assert sandbox.lines("send")[0]["text"] == "a+b & c"


@pytest.mark.parametrize("change, code, subcode", [
    ({"recipient": None}, 100, None),
    ({"recipient": {"id": ""}}, 100, None),
    ({"recipient": {"id": "999"}}, 100, 2018001),
    ({"recipient": {"id": "5550000000000012"}}, 10, 2018278),
    ({"message": None}, 100, None),
    ({"message": {"text": ""}}, 100, None),
    ({"message": {"text": 5}}, 100, None),
    ({"message": {"text": "x" * 2000}}, 100, None),
    ({"message": {"text": "x", "metadata": "m" * 1000}}, 100, None),
    ({"message": {"text": "x", "attachment": {"type": "image", "payload": {}}}}, 100, None),
    ({"message": {"text": "x", "quick_replies": [{"content_type": "text"}]}}, 100, None),
    ({"sender_action": "typing_on"}, 100, None),
    ({"messaging_type": "SHOUT"}, 100, None),
    ({"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100, None),
    ({"messaging_type": "MESSAGE_TAG"}, 100, None),
])
def test_refused_sends(sandbox, change, code, subcode):
    sandbox.write()
    answer = sandbox.send({"text": "x"}, change=change)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("error_subcode")) == (400, code, subcode)
    assert error["type"] == "OAuthException" and error["message"] and error["fbtrace_id"]
    (line,) = sandbox.lines("send")
    assert (line["outcome"], line["code"]) == ("refused", code)
    assert len(sandbox.control(f"customers/{CUSTOMER}/messages")["messages"]) == 1


def test_the_longest_text_is_accepted(sandbox):
    sandbox.write()
    assert sandbox.send({"text": "ñ" * 1999, "metadata": "m" * 999}).status_code == 200


@pytest.mark.parametrize("token", ["wrong", SECOND_TOKEN])
def test_tokens_are_of_one_page(sandbox, token):
    sandbox.write()
    error = sandbox.send({"text": "x"}, token=token).json()["error"]
    assert error["code"] == (190 if token == "wrong" else 100)


def test_windows(sandbox):
    hour = 3_600_000
    now = int(time.time() * 1000)
    tag = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    for hours, standard, human in [(23, 200, 200), (25, 400, 200), (24 * 7 + 1, 400, 400)]:
        sandbox.control(f"customers/{CUSTOMER}", {"last_acted": now - hours * hour})
        assert sandbox.send({"text": "x"}).status_code == standard
        assert sandbox.send({"text": "x"}, change=tag).status_code == human
    sandbox.control(f"customers/{CUSTOMER}", {"last_acted": now, "unavailable": True})
    assert sandbox.send({"text": "x"}).json()["error"]["code"] == 551


def test_call_rates(sandbox):
    sandbox.write()
    sandbox.control("settings", {"send_calls_per_second": 2})
    codes = [sandbox.send({"text": "x"}).status_code for _ in range(6)]
    assert codes[:2] == [200, 200] and 400 in codes
    refused = [line["code"] for line in sandbox.lines("send") if line["outcome"] == "refused"]
    assert set(refused) == {613}


def test_errors_on_request(sandbox, callback):
    sandbox.write()
    sandbox.control("send-faults", {
        "effect": "error", "count": 2, "status": 503, "code": 2, "subcode": 2018344})
    for _ in range(2):
        answer = sandbox.send({"text": "x"})
        assert answer.status_code == 503
        assert answer.json()["error"]["error_subcode"] == 2018344
    assert sandbox.send({"text": "x"}).status_code == 200
    assert [line["outcome"] for line in sandbox.lines("send")] == ["refused"] * 2 + ["accepted"]


@pytest.mark.parametrize("effect, outcome", [
    ("drop", "refused"), ("no_answer", "refused"), ("accept_then_drop", "accepted"),
    ("accept_then_no_answer", "accepted"), ("accept_then_error", "accepted"),
])
def test_the_outcome_of_a_send_can_be_hidden(sandbox, callback, effect, outcome):
    sandbox.write()
    sandbox.control("send-faults", {"effect": effect, "recipient": CUSTOMER})
    if effect == "accept_then_error":
        assert sandbox.send({"text": "x"}).status_code == 500
    else:
        expected = (
            requests.exceptions.ReadTimeout if "no_answer" in effect
            else requests.exceptions.ConnectionError)
        with pytest.raises(expected):
            sandbox.send({"text": "x", "metadata": "job-9"}, timeout=0.5)
    (line,) = sandbox.lines("send")
    assert (line["outcome"], line["fault"]) == (outcome, effect)
    if outcome == "accepted":
        until(lambda: callback.events("echo"), "the echo of what was accepted")
    else:
        time.sleep(0.1)
        assert callback.events("echo") == []
    assert sandbox.send({"text": "next"}).status_code == 200


def test_echo_may_come_before_the_answer(sandbox, callback):
    sandbox.write()
    sandbox.control("settings", {"send_latency_ms": 400})
    answered = []
    thread = threading.Thread(target=lambda: answered.append(sandbox.send({"text": "x"})))
    thread.start()
    until(lambda: callback.events("echo"), "the echo")
    assert answered == []
    thread.join()
    assert answered[0].status_code == 200


# ---- the Conversations API


def get(sandbox, path, **params):
    answer = requests.get(
        f"{sandbox.base}/v25.0/{path}", params={"access_token": TOKEN, **params},
        timeout=PATIENCE)
    return answer.status_code, answer.json()


def test_conversations_are_read_page_by_page(sandbox):
    sandbox.control("settings", {"conversation_calls_per_second": 1000})
    customers = [str(5550000000003000 + number) for number in range(5)]
    for customer in customers:
        sandbox.write("one", customer=customer)
        sandbox.write("two", customer=customer)
    sandbox.send({"text": "three"}, customer=customers[0])
    fields = "participants,messages{id,message,from,to,created_time}"
    status, page = get(
        sandbox, f"{PAGE}/conversations", platform="messenger", fields=fields, limit=2)
    assert status == 200
    found = []
    while True:
        found += page["data"]
        if "next" not in page["paging"]:
            break
        assert len(page["data"]) == 2
        page = requests.get(page["paging"]["next"], timeout=PATIENCE).json()
    assert sorted(one["participants"]["data"][0]["id"] for one in found) == customers
    first = next(one for one in found if one["participants"]["data"][0]["id"] == customers[0])
    newest = first["messages"]["data"][0]
    assert (newest["message"], newest["from"]["id"], newest["to"]["data"][0]["id"]) == (
        "three", PAGE, customers[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", newest["created_time"])

    texts, path = [], f"{first['id']}/messages"
    params = {"fields": "message", "limit": 2}
    while True:
        _, page = get(sandbox, path, **params)
        texts += [one["message"] for one in page["data"]]
        if "next" not in page["paging"]:
            break
        params["after"] = page["paging"]["cursors"]["after"]
    assert texts == ["three", "two", "one"]
    # A conversation's messages inside the list of conversations go on at an address of their own.
    nested = {"fields": "messages.limit(2){message,to}", "user_id": customers[0]}
    _, page = get(sandbox, f"{PAGE}/conversations", **nested)
    inner = page["data"][0]["messages"]
    assert [one["message"] for one in inner["data"]] == ["three", "two"]
    assert f"/{first['id']}/messages?" in inner["paging"]["next"]
    rest = requests.get(inner["paging"]["next"], timeout=PATIENCE).json()
    assert [(one["message"], "to" in one) for one in rest["data"]] == [("one", True)]
    assert "next" not in rest["paging"]

    _, alone = get(sandbox, f"{PAGE}/conversations", user_id=customers[1])
    assert len(alone["data"]) == 1


def test_long_conversations_are_read_page_by_page(sandbox):
    sandbox.control("settings", {"conversation_calls_per_second": 1000})
    customer = "5550000000003999"
    texts = [f"number {number}" for number in range(130)]
    for text in texts:
        sandbox.write(text, customer=customer)

    def read(limit):
        found, sizes = [], []
        _, page = get(sandbox, f"t_{PAGE}-{customer}/messages", fields="message", limit=limit)
        while True:
            sizes.append(len(page["data"]))
            found += [one["message"] for one in page["data"]]
            if "next" not in page["paging"]:
                return found[::-1], sizes
            page = requests.get(page["paging"]["next"], timeout=PATIENCE).json()

    assert read(25) == (texts, [25] * 5 + [5])
    # No answer holds more than a hundred, whatever is asked for.
    assert read(1_000) == (texts, [100, 30])


def test_conversation_calls_are_limited_as_meta_limits_them(sandbox):
    results = [get(sandbox, f"{PAGE}/conversations") for _ in range(6)]
    assert results[0][0] == 200
    assert any(status == 400 and body["error"]["code"] == 613 for status, body in results)


@pytest.mark.parametrize("path, params", [
    (f"{PAGE}/conversations", {"fields": "messages{"}),
    (f"{PAGE}/conversations", {"fields": "colour"}),
    (f"{PAGE}/conversations", {"limit": "x"}),
    (f"{PAGE}/conversations", {"after": "x"}),
    (f"{SECOND_PAGE}/conversations", {}),
    ("t_1-2/messages", {}), ("999", {}), (f"{PAGE}/likes", {}),
])
def test_refused_reads(sandbox, path, params):
    sandbox.write()
    status, body = get(sandbox, path, **params)
    assert (status, body["error"]["code"]) == (400, 100)


# ---- sign-in


def challenge(verifier):
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class SignIn:
    def __init__(self, sandbox):
        self.metadata = requests.get(
            f"{sandbox.base}/openid/.well-known/openid-configuration", timeout=PATIENCE).json()
        assert self.metadata["issuer"] == f"{sandbox.base}/openid"
        self.verifier = secrets.token_urlsafe(48)

    def authorize(self, **change):
        params = {
            "response_type": "code", "client_id": CLIENT[0], "redirect_uri": REDIRECT,
            "scope": "openid profile", "state": "state-1", "nonce": "nonce-1",
            "code_challenge": challenge(self.verifier), "code_challenge_method": "S256",
            "login_hint": "ana",
        } | change
        return requests.get(
            self.metadata["authorization_endpoint"],
            params={name: value for name, value in params.items() if value is not None},
            allow_redirects=False, timeout=PATIENCE)

    def code(self, **change):
        answer = self.authorize(**change)
        assert answer.status_code == 302, answer.text
        query = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(answer.headers["Location"]).query))
        assert query["state"] == "state-1" and query["iss"] == self.metadata["issuer"]
        return query["code"]

    def exchange(self, code, auth=CLIENT, **change):
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        } | change
        return requests.post(
            self.metadata["token_endpoint"], data=form, auth=auth, timeout=PATIENCE)

    def decode(self, token):
        keys = KeySet.import_key_set(
            requests.get(self.metadata["jwks_uri"], timeout=PATIENCE).json())
        decoded = jwt.decode(token, keys, algorithms=["ES256"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.metadata["issuer"]},
            aud={"essential": True, "value": CLIENT[0]}, exp={"essential": True},
            nonce={"essential": True, "value": "nonce-1"},
            roles={"essential": True, "allow_blank": False},
        ).validate(decoded.claims)
        return decoded.claims


@pytest.mark.parametrize("hint, roles", [("ana", ["agent"]), ("sofia", ["supervisor"])])
@pytest.mark.parametrize("way", ["basic", "post"])
def test_sign_in(sandbox, hint, roles, way):
    flow = SignIn(sandbox)
    posted = {"client_id": CLIENT[0], "client_secret": CLIENT[1]} if way == "post" else {}
    answer = flow.exchange(
        flow.code(login_hint=hint), auth=CLIENT if way == "basic" else None, **posted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    claims = flow.decode(answer.json()["id_token"])
    assert (claims["sub"], claims["roles"]) == (hint, roles)
    assert claims["exp"] - claims["iat"] <= 300
    info = requests.get(
        flow.metadata["userinfo_endpoint"], timeout=PATIENCE,
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    assert (info.json()["sub"], info.json()["roles"]) == (hint, roles)


def test_people_are_offered_as_links(sandbox):
    flow = SignIn(sandbox)
    answer = flow.authorize(login_hint=None)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    links = re.findall(r'href="(authorize\?[^"]*)"', answer.text)
    assert len(links) == 4
    address = urllib.parse.urljoin(
        flow.metadata["authorization_endpoint"], links[3].replace("&amp;", "&"))
    back = requests.get(address, allow_redirects=False, timeout=PATIENCE)
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back.headers["Location"]).query))
    claims = flow.decode(flow.exchange(query["code"]).json()["id_token"])
    assert claims["name"] == "Sofía Herrera"


def test_a_code_works_once_and_a_second_use_revokes(sandbox):
    flow = SignIn(sandbox)
    code = flow.code()
    token = flow.exchange(code).json()["access_token"]
    second = flow.exchange(code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    info = requests.get(
        flow.metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE)
    assert info.status_code == 401


@pytest.mark.parametrize("change, status, error", [
    ({"code_verifier": "x" * 43}, 400, "invalid_grant"),
    ({"code_verifier": ""}, 400, "invalid_grant"),
    ({"redirect_uri": REDIRECT + "/"}, 400, "invalid_grant"),
    ({"code": "unknown"}, 400, "invalid_grant"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"auth": (CLIENT[0], "wrong")}, 401, "invalid_client"),
    ({"auth": None}, 401, "invalid_client"),
])
def test_refused_exchanges(sandbox, change, status, error):
    flow = SignIn(sandbox)
    code = flow.code()
    answer = flow.exchange(**({"code": code} | change))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    if change.get("code_verifier") is not None:
        # A wrong verifier spends the code: nobody gets a second guess.
        assert flow.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("change, error", [
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"login_hint": None, "prompt": "none"}, "login_required"),
])
def test_refused_authorizations_go_back_to_the_client(sandbox, change, error):
    answer = SignIn(sandbox).authorize(**change)
    assert answer.status_code == 302
    assert f"error={error}&" in answer.headers["Location"]


@pytest.mark.parametrize("change", [
    {"client_id": "unknown"}, {"redirect_uri": REDIRECT + "/"},
    {"redirect_uri": "https://elsewhere.example/"},
])
def test_nobody_is_sent_to_an_unknown_address(sandbox, change):
    answer = SignIn(sandbox).authorize(**change)
    assert answer.status_code == 400 and "Location" not in answer.headers


@pytest.mark.parametrize("effect", [
    "wrong_issuer", "wrong_audience", "wrong_nonce", "missing_nonce", "expired", "missing_roles",
    "unsigned", "unknown_key", "wrong_signature",
])
def test_tokens_can_be_wrong_in_every_way(sandbox, effect):
    flow = SignIn(sandbox)
    sandbox.control("token-faults", {"effect": effect})
    spoiled = flow.exchange(flow.code()).json()["id_token"]
    with pytest.raises((JoseError, ValueError)):
        flow.decode(spoiled)
    flow.decode(flow.exchange(flow.code()).json()["id_token"])


def test_end_session_goes_back_only_to_the_client(sandbox):
    address = SignIn(sandbox).metadata["end_session_endpoint"]

    def end(**params):
        return requests.get(address, params=params, allow_redirects=False, timeout=PATIENCE)

    back = end(post_logout_redirect_uri="http://127.0.0.1:9/", state="s")
    assert (back.status_code, back.headers["Location"]) == (302, "http://127.0.0.1:9/?state=s")
    assert end(post_logout_redirect_uri="http://127.0.0.1:9@evil.example/").status_code == 400
    assert end().status_code == 200


# ---- the control API and the page


def test_bulk_writes_every_message_once(sandbox, callback):
    sandbox.control("settings", {"batch_size": 50})
    sandbox.control("bulk", {"customers": 7, "messages": 300, "per_second": 2000, "text": "n"})
    until(lambda: not sandbox.control("bulk")["running"], "the bulk order")
    until(lambda: len(callback.events()) == 300, "its webhooks")
    texts = [one["message"]["text"] for one in callback.events()]
    assert sorted(texts) == sorted(f"n {number}" for number in range(300))
    assert len({one["sender"]["id"] for one in callback.events()}) == 7


@pytest.mark.parametrize("path, document, field", [
    ("settings", {"batch_size": 0}, "batch_size"),
    ("settings", {"batch_size": "5"}, "batch_size"),
    ("settings", {"retries": 2, "colour": 1}, "colour"),
    ("settings", {"hold": ["sneeze"]}, "hold"),
    ("settings", {"callback": "ftp://x"}, "callback"),
    ("send-faults", {"effect": "explode"}, "effect"),
    ("send-faults", {"effect": "drop", "count": 0}, "count"),
    ("webhook-faults", {}, "effect"),
    ("release", {"order": "sideways"}, "order"),
    ("webhooks", {"text": "x", "signature": "blurred"}, "signature"),
    ("webhooks", {}, "body"),
    ("customers/12x/messages", {"text": "x"}, "customer"),
    (f"customers/{CUSTOMER}/messages", {}, "text"),
    (f"customers/{CUSTOMER}/messages", {"text": "x", "page": "1"}, "page"),
    (f"customers/{CUSTOMER}", {"unavailable": "yes"}, "unavailable"),
    ("bulk", {"per_second": 10**9}, "per_second"),
])
def test_wrong_control_requests_name_the_field_and_change_nothing(
        sandbox, path, document, field):
    before = sandbox.control("settings"), sandbox.control("statistics")
    assert sandbox.control(path, document, status=400)["error"].split()[0].strip(":") in (
        field, "the")
    assert (sandbox.control("settings"), sandbox.control("statistics")) == before


def test_reset_forgets_all_but_the_callback(sandbox, callback):
    sandbox.write()
    sandbox.control("settings", {"batch_size": 5, "drop": ["echo"]})
    sandbox.control("send-faults", {"effect": "drop"})
    assert sandbox.control("reset", {})["customers_wrote"] == 0
    assert sandbox.control("settings")["callback"] == callback.url
    assert sandbox.control("settings")["batch_size"] == 1
    assert sandbox.control("send-faults") == {"planned": []}
    assert sandbox.control(f"customers/{CUSTOMER}/messages")["messages"] == []
    sandbox.write("after")
    until(lambda: any(
        one["message"]["text"] == "after" for one in callback.events()), "life after a reset")


def test_the_page_is_served_with_a_strict_policy(sandbox):
    page = requests.get(sandbox.base + "/", timeout=PATIENCE)
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert requests.get(sandbox.base + address, timeout=PATIENCE).status_code == 200
    other = requests.post(
        sandbox.base + "/control/reset", json={}, headers={"Origin": "https://evil.example"},
        timeout=PATIENCE)
    assert other.status_code == 403


def test_a_restart_knows_what_the_log_holds(tmp_path, callback):
    first = Sandbox(tmp_path, callback)
    newcomer = "6600000000001"
    first.control(f"customers/{newcomer}", {"first_name": "Zoe", "last_name": "Ibarra"})
    first.write("¿Sigue ahí?", customer=newcomer)
    until(lambda: callback.events("message"), "the webhook")
    mid = first.send({"text": "Sí"}, customer=newcomer).json()["message_id"]
    until(lambda: callback.events("echo"), "the echo")
    until(lambda: len(first.lines("webhook")) >= 2, "the record of it")
    first.close()
    with open(first.log_path, "a") as log:
        log.write('{"kind":"customer_wrote","page":')

    second = Sandbox(tmp_path, callback, "--issuer", "http://localhost/other")
    try:
        transcript = second.control(f"customers/{newcomer}/messages")
        assert transcript["customer"]["first_name"] == "Zoe"
        assert [(one["text"], one["author"]) for one in transcript["messages"]] == [
            ("¿Sigue ahí?", "customer"), ("Sí", "page")]
        assert transcript["messages"][0]["mark"] == "delivered"
        again = second.send({"text": "Dígame"}, customer=newcomer).json()["message_id"]
        assert again != mid
        assert requests.get(
            second.base + "/openid/.well-known/openid-configuration", timeout=PATIENCE,
        ).json()["issuer"] == "http://localhost/other"
    finally:
        second.close()
