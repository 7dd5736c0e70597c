"""etcd's JSON gateway: one connection to one member."""
import base64
import http.client
import json
import ssl


class Unknown(Exception):
    """No answer that says what has become of the request."""


class NotDone(Exception):
    """The request never left this machine, or was refused."""


def encoded(key):
    return base64.b64encode(key).decode()


def decoded(text):
    return base64.b64decode(text)


def make_context(tls):
    context = ssl.create_default_context(cafile=tls / "ca.crt")
    context.load_cert_chain(tls / "client.crt", tls / "client.key")
    return context


class Gateway:
    """Use from one thread. Without a context: plain http."""

    def __init__(self, port, context=None, timeout=4):
        self.port, self.context, self.timeout = port, context, timeout
        self.connection = None

    def ask(self, path, body):
        """The answer. Throws NotDone or Unknown, after which the next request connects anew."""
        try:
            if not self.connection:
                self.connection = self.connect()
        except (OSError, ssl.SSLError) as error:
            self.close()
            raise NotDone(str(error)) from error
        try:
            self.connection.request("POST", path, json.dumps(body))
            response = self.connection.getresponse()
            answer = response.read()
            if response.status == 200:
                return json.loads(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unknown(str(error)) from error
        if response.status == 404 and b"lease not found" in answer:
            raise NotDone("the lease is over")
        self.close()
        raise Unknown(f"{response.status} {answer[:200]!r}")

    def connect(self):
        make = http.client.HTTPSConnection if self.context else http.client.HTTPConnection
        options = {"context": self.context} if self.context else {}
        connection = make("127.0.0.1", self.port, timeout=self.timeout, **options)
        connection.connect()
        return connection

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask_every_key(self):
        """The store's revision, and (value, revision of the last write) of each key."""
        answer = self.ask("/v3/kv/range", {"key": encoded(b"\0"), "range_end": encoded(b"\0")})
        return int(answer["header"]["revision"]), {
            decoded(kv["key"]): (decoded(kv.get("value", "")), int(kv["mod_revision"]))
            for kv in answer.get("kvs", [])}
