#!/usr/bin/python3
"""As much of S3 as a vault in a bucket needs, strict about what it is sent, faulty when told.

usage: s3_server.py PORT_FILE [--bucket NAME] [--page SIZE] [--fault NAME:EVERY]...
                    [--no-conditions] [--log FILE] [--tls CERTIFICATE KEY] [--port NUMBER]

Listens on 127.0.0.1, on a free port where none is given, and writes its number into PORT_FILE once
it does. Path style, one bucket, kept in memory. Every request must be signed (Signature Version 4,
computed here anew) by the key "KEY" with the secret "secret", and every body must have the SHA-256
that its headers say. Under /-/ tests look inside, unsigned: GET /-/keys has a line for each object,
and "unfinished KEY" for each upload; PUT /-/faults has the faults from here on; PUT /-/ahead the
seconds that the server's clock is ahead of the true time; PUT /-/flip "SHARE BIT KEY" changes one
bit of an object, that share of the way through it, and PUT /-/delete takes one away, both without
another trace.

With --fault, every EVERY-th request (counted for each fault on its own) gets one of these; the
last two hold for everything; 0 is never):

  500        an internal error        slow_down  503 SlowDown
  cut        the connection closes before the answer
  lost       the same, but the request has been done
  truncate   half of the answer's body, then the connection closes
  stall      no answer for three seconds
  checksum   a wrong checksum of what was put
  etag       a wrong ETag for what was put
  forget     what was put is not kept, leases apart
"""
import argparse
import base64
import datetime
import email.utils
import hashlib
import hmac
import http.server
import os
import ssl
import threading
import time
import urllib.parse
import uuid
from xml.etree import ElementTree
from xml.sax.saxutils import escape

KEY, SECRET = "KEY", "secret"


class Refusal(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


def sha256_base64(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def quoted(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~", encoding="utf-8", errors="surrogateescape")


class Bucket:
    def __init__(self, options):
        self.options = options
        self.lock = threading.RLock()
        self.blobs, self.uploads, self.ahead = {}, {}, 0
        self.set_faults(options.fault)

    def set_faults(self, faults):
        self.faults, self.counts = dict(fault.split(":") for fault in faults), {}

    def now(self):
        return time.time() + self.ahead

    def flip(self, share, bit, key):
        content = bytearray(self.blobs[key][0])
        content[min(int(len(content) * float(share)), len(content) - 1)] ^= 1 << int(bit)
        self.blobs[key] = (bytes(content), *self.blobs[key][1:])

    def has_fault(self, name):
        if name not in self.faults:
            return False
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1
            return self.counts[name] % int(self.faults[name]) == 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or the body of an answer waits until its header is acknowledged: 40 ms for each request.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_request(self):
        bucket = self.server.bucket
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = urllib.parse.urlsplit(self.path)
        self.raw_path = target.path
        self.query = dict(urllib.parse.parse_qsl(target.query, keep_blank_values=True,
                                                 errors="surrogateescape"))
        path = urllib.parse.unquote(target.path, errors="surrogateescape")
        if path.startswith("/-/"):
            return self.say(200, {}, self.tell(path.removeprefix("/-/")).encode())
        if bucket.options.log:
            with bucket.lock, open(bucket.options.log, "a", encoding="utf-8",
                                   errors="replace") as log:
                log.write(f"{self.command} {self.path}\n")
        if bucket.has_fault("cut"):
            return self.cut()
        if bucket.has_fault("stall"):
            time.sleep(3)
        try:
            if bucket.has_fault("500"):
                raise Refusal(500, "InternalError")
            if bucket.has_fault("slow_down"):
                raise Refusal(503, "SlowDown")
            self.check_signature()
            name, _, self.key = path[1:].partition("/")
            if name != bucket.options.bucket:
                raise Refusal(404, "NoSuchBucket")
            with bucket.lock:
                answer = self.answer()
        except Refusal as refusal:
            answer = (refusal.status, {}, f"<Error><Code>{refusal.code}</Code></Error>".encode())
        if bucket.has_fault("lost"):
            return self.cut()
        return self.say(*answer)

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(timestamp or self.server.bucket.now(), usegmt=True)

    def tell(self, what):
        bucket = self.server.bucket
        with bucket.lock:
            if what == "faults":
                bucket.set_faults(self.body.decode().split())
            if what == "ahead":
                bucket.ahead = int(self.body)
            if what == "flip":
                bucket.flip(*self.body.decode().split(" ", 2))
            if what == "delete":
                del bucket.blobs[self.body.decode()]
            unfinished = sorted(f"unfinished {key}" for key, _, _ in bucket.uploads.values())
            return "".join(f"{line}\n" for line in [*sorted(bucket.blobs), *unfinished])

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # The client has given up, or was killed.

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def cut(self):
        self.close_connection = True

    def say(self, status, headers, body=b""):
        is_for_tests = self.path.startswith("/-/")
        truncated = (len(body) > 1 and not is_for_tests
                     and self.server.bucket.has_fault("truncate"))
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body[: len(body) // 2] if truncated else body)
        if truncated:
            self.cut()

    # ---- Who asks ----

    def check_signature(self):
        said = self.headers.get("Authorization", "")
        fields = dict(part.strip().split("=", 1) for part in said.partition(" ")[2].split(",")
                      if "=" in part)
        credential = fields.get("Credential", "").split("/")
        signed = fields.get("SignedHeaders", "").split(";")
        stamp = self.headers.get("x-amz-date", "")
        payload = self.headers.get("x-amz-content-sha256", "")
        if len(credential) != 5 or credential[0] != KEY:
            raise Refusal(403, "InvalidAccessKeyId")
        now = datetime.datetime.now(datetime.timezone.utc)
        then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%S%z")
        if abs((now - then).total_seconds()) > 900:
            raise Refusal(403, "RequestTimeTooSkewed")
        must = {"host"} | {name.lower() for name in self.headers if name.lower().startswith("x-amz")}
        if not must <= set(signed):
            raise Refusal(403, "AccessDenied")
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(self.body).hexdigest()):
            raise Refusal(400, "XAmzContentSHA256Mismatch")
        query = "&".join(sorted(f"{quoted(name)}={quoted(value)}"
                                for name, value in self.query.items()))
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in signed)
        canonical = "\n".join([self.command, self.raw_path, query, headers, ";".join(signed),
                               payload])
        scope = "/".join(credential[1:])
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET).encode()
        for part in [*credential[1:], text]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(key.hex(), fields.get("Signature", "")):
            raise Refusal(403, "SignatureDoesNotMatch")

    # ---- What it is told ----

    def answer(self):
        if not self.key:
            return self.list_uploads() if "uploads" in self.query else self.list()
        if self.command in ("GET", "HEAD"):
            return self.read()
        if self.command == "PUT":
            return self.put_part() if "uploadId" in self.query else self.put()
        if self.command == "POST" and "uploads" in self.query:
            upload = uuid.uuid4().hex
            self.server.bucket.uploads[upload] = (self.key, self.kept_headers(), {})
            return 200, {}, f"<R><UploadId>{upload}</UploadId></R>".encode()
        if self.command == "POST" and "uploadId" in self.query:
            return self.complete()
        if self.command == "DELETE" and "uploadId" in self.query:
            self.upload()
            del self.server.bucket.uploads[self.query["uploadId"]]
            return 204, {}
        if self.command == "DELETE":
            self.server.bucket.blobs.pop(self.key, None)
            return 204, {}
        raise Refusal(501, "NotImplemented")

    def kept_headers(self):
        return {name: value for name, value in self.headers.items()
                if name.lower().startswith(("x-amz-meta-", "x-amz-object-lock-",
                                            "x-amz-server-side-encryption"))}

    def page(self, items):
        """The items of this page, and whether more follow."""
        size = self.server.bucket.options.page
        return items[:size], len(items) > size

    def list(self):
        prefix, delimiter = self.query.get("prefix", ""), self.query.get("delimiter", "")
        token = self.query.get("continuation-token", "")
        entries = {}
        for key in sorted(self.server.bucket.blobs):
            if not key.startswith(prefix):
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            entries[key if end < 0 else key[: end + 1]] = end < 0
        shown, more = self.page([entry for entry in entries if entry > token])
        xml = "<ListBucketResult><EncodingType>url</EncodingType>"
        for entry in shown:
            name = quoted(entry, "/").replace("%20", "+")
            if entries[entry]:
                size = len(self.server.bucket.blobs[entry][0])
                xml += f"<Contents><Key>{name}</Key><Size>{size}</Size></Contents>"
            else:
                xml += f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
        if more:
            xml += ("<IsTruncated>true</IsTruncated><NextContinuationToken>"
                    f"{escape(shown[-1])}</NextContinuationToken>")
        return 200, {}, (xml + "</ListBucketResult>").encode(errors="surrogateescape")

    def list_uploads(self):
        prefix, marker = self.query.get("prefix", ""), self.query.get("upload-id-marker", "")
        found = sorted(upload for upload, (key, _, _) in self.server.bucket.uploads.items()
                       if key.startswith(prefix) and upload > marker)
        shown, more = self.page(found)
        xml = "<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
        for upload in shown:
            key = quoted(self.server.bucket.uploads[upload][0], "/")
            xml += f"<Upload><Key>{key}</Key><UploadId>{upload}</UploadId></Upload>"
        if more:
            xml += ("<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
                    f"<NextUploadIdMarker>{shown[-1]}</NextUploadIdMarker>")
        return 200, {}, (xml + "</ListMultipartUploadsResult>").encode()

    def read(self):
        if self.key not in self.server.bucket.blobs:
            raise Refusal(404, "NoSuchKey")
        content, headers, etag, written = self.server.bucket.blobs[self.key]
        if self.headers.get("If-Match", etag) != etag:
            raise Refusal(412, "PreconditionFailed")
        headers = {**headers, "ETag": etag,
                   "Last-Modified": email.utils.formatdate(written, usegmt=True)}
        if self.command == "HEAD":
            return 200, {**headers, "Content-Length": str(len(content))}
        wanted = self.headers.get("Range")
        if not wanted:
            return 200, headers, content
        first, last = (int(text) for text in wanted.removeprefix("bytes=").split("-"))
        if first >= len(content):
            raise Refusal(416, "InvalidRange")
        part = content[first: last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        return 206, headers, part

    def check_body(self):
        said = self.headers.get("x-amz-checksum-sha256")
        if said and said != sha256_base64(self.body):
            raise Refusal(400, "BadDigest")
        md5 = base64.b64encode(hashlib.md5(self.body).digest()).decode()
        if self.headers.get("Content-MD5", md5) != md5:
            raise Refusal(400, "BadDigest")

    def check_condition(self):
        if self.server.bucket.options.no_conditions:
            return
        blob = self.server.bucket.blobs.get(self.key)
        match = self.headers.get("If-Match")
        if match and not blob:
            raise Refusal(404, "NoSuchKey")
        if (match and blob[2] != match) or (self.headers.get("If-None-Match") and blob):
            raise Refusal(412, "PreconditionFailed")

    def checksum(self, true_one):
        wrong = any(name == "checksum" for name in self.server.bucket.faults)
        return sha256_base64(b"something else") if wrong else true_one

    def keep(self, content, headers, checksum):
        etag = f'"{uuid.uuid4().hex}"'
        headers["x-amz-checksum-sha256"] = self.checksum(checksum)
        is_lease = self.key.endswith("/.lock")
        if is_lease or "forget" not in self.server.bucket.faults:
            self.server.bucket.blobs[self.key] = (content, headers, etag, self.server.bucket.now())
        return self.etag(etag)

    def etag(self, true_one):
        return '"wrong"' if self.server.bucket.has_fault("etag") else true_one

    def put(self):
        self.check_body()
        if self.headers.get("x-amz-object-lock-mode") and not self.headers.get("Content-MD5"):
            raise Refusal(400, "InvalidRequest")
        self.check_condition()
        return 200, {"ETag": self.keep(self.body, self.kept_headers(), sha256_base64(self.body))}

    def upload(self):
        upload = self.server.bucket.uploads.get(self.query["uploadId"])
        if not upload or upload[0] != self.key:
            raise Refusal(404, "NoSuchUpload")
        return upload

    def put_part(self):
        _, _, parts = self.upload()
        self.check_body()
        etag = f'"{hashlib.md5(self.body).hexdigest()}"'
        parts[int(self.query["partNumber"])] = (etag, self.body)
        return 200, {"ETag": self.etag(etag),
                     "x-amz-checksum-sha256": self.checksum(sha256_base64(self.body))}

    def complete(self):
        _, headers, parts = self.upload()
        self.check_condition()
        content, digests = b"", b""
        for part in ElementTree.fromstring(self.body):
            number, etag, checksum = (part.findtext(name) for name in
                                      ("PartNumber", "ETag", "ChecksumSHA256"))
            kept = parts.get(int(number))
            if not kept or kept[0] != etag or sha256_base64(kept[1]) != checksum:
                raise Refusal(400, "InvalidPart")
            if int(number) < len(parts) and len(kept[1]) < 5 * 1024 * 1024:
                raise Refusal(400, "EntityTooSmall")
            content += kept[1]
            digests += hashlib.sha256(kept[1]).digest()
        del self.server.bucket.uploads[self.query["uploadId"]]
        self.keep(content, headers, f"{sha256_base64(digests)}-{len(parts)}")
        return 200, {}, b"<CompleteMultipartUploadResult/>"


class TlsServer(http.server.ThreadingHTTPServer):
    """The handshake belongs to the connection's own thread: one that hangs holds up no other."""

    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request, client_address):
        pass  # What goes wrong in a handshake is the client's to tell.


def make_server(tls, port):
    place = ("127.0.0.1", port)
    if not tls:
        return http.server.ThreadingHTTPServer(place, Handler)
    server = TlsServer(place, Handler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(*tls)
    return server


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port_file")
    parser.add_argument("--bucket", default="bucket")
    parser.add_argument("--page", type=int, default=1000)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--no-conditions", action="store_true")
    parser.add_argument("--log")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = make_server(options.tls, options.port)
    server.daemon_threads = True
    server.bucket = Bucket(options)
    with open(options.port_file + ".new", "w", encoding="ascii") as file:
        file.write(str(server.server_address[1]))
    os.rename(options.port_file + ".new", options.port_file)
    server.serve_forever()


main()
