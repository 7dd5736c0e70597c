#!/usr/bin/python3
"""Asks any S3 server, past lifeboat: for what a test prepares, and for what it looks at.

usage: ask_s3.py METHOD TARGET [NAME:VALUE]...    sends what standard input has, prints the answer
       ask_s3.py keys BUCKET                      a line for each object, and "unfinished KEY" for
                                                  each upload, as s3_server.py has it
       ask_s3.py versions BUCKET                  KEY?versionId=ID of each that is or was an object,
                                                  without those that say that it was deleted

TARGET is a path with its query, encoded: "/bucket/key?versions". "#" in it stands for each number
of --count N from 1 on, to send many alike. The server and the keys to it come from the environment:
LIFEBOAT_S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. Ends with 1 if the server refuses.
"""
import argparse
import datetime
import hashlib
import hmac
import http.client
import os
import sys
import urllib.parse
from xml.etree import ElementTree

SERVER = urllib.parse.urlsplit(os.environ["LIFEBOAT_S3_ENDPOINT"])
KEY, SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


def quoted(text):
    return urllib.parse.quote(text, safe="-._~")


def signed(method, target, headers, body):
    """The headers, with what Signature Version 4 adds to them."""
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    path, _, query = target.partition("?")
    parts = (part if "=" in part else part + "=" for part in query.split("&") if part)
    query = "&".join(sorted(parts))
    headers = {**headers, "host": SERVER.netloc, "x-amz-date": stamp,
               "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    names = sorted(headers)
    canonical = "\n".join([method, path, query, *(f"{name}:{headers[name]}" for name in names), "",
                           ";".join(names), headers["x-amz-content-sha256"]])
    scope = [stamp[:8], "us-east-1", "s3", "aws4_request"]
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join(scope),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in [*scope, text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={KEY}/{'/'.join(scope)}, "
                                f"SignedHeaders={';'.join(names)}, Signature={key.hex()}")
    return headers


class Refusal(Exception):
    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


def send(connection, method, target, headers=None, body=b""):
    connection.request(method, target, body, signed(method, target, headers or {}, body))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        said = content.decode(errors="replace")
        raise Refusal(f"{method} {target}: {answer.status} {said}", answer.status)
    return content


def listed(connection, bucket, query, element, markers):
    """All of a listing's elements. MARKERS: how to ask for the next page, by what a page says."""
    after = ""
    while True:
        page = ElementTree.fromstring(send(connection, "GET", f"/{bucket}?{query}{after}"))
        yield from page.iterfind("{*}" + element)
        if page.findtext("{*}IsTruncated") != "true":
            return
        after = "".join(f"&{name}=" + quoted(page.findtext("{*}" + said))
                        for name, said in markers.items())


def keys(connection, bucket):
    for blob in listed(connection, bucket, "list-type=2", "Contents",
                       {"continuation-token": "NextContinuationToken"}):
        print(blob.findtext("{*}Key"))
    try:
        for upload in listed(connection, bucket, "uploads", "Upload",
                             {"key-marker": "NextKeyMarker",
                              "upload-id-marker": "NextUploadIdMarker"}):
            print("unfinished", upload.findtext("{*}Key"))
    except Refusal as refusal:
        if refusal.status != 501:  # A server that can't list them keeps quiet about them.
            raise


def versions(connection, bucket):
    for version in listed(connection, bucket, "versions", "Version",
                          {"key-marker": "NextKeyMarker",
                           "version-id-marker": "NextVersionIdMarker"}):
        print(f"{version.findtext('{*}Key')}?versionId={quoted(version.findtext('{*}VersionId'))}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method")
    parser.add_argument("target")
    parser.add_argument("headers", nargs="*")
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    connection = http.client.HTTPConnection(SERVER.netloc)
    if options.method in ("keys", "versions"):
        {"keys": keys, "versions": versions}[options.method](connection, options.target)
        return
    headers = {}
    for header in options.headers:
        name, _, value = header.partition(":")
        headers[name.lower()] = value
    body = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    for number in range(1, options.count + 1):
        target = options.target.replace("#", str(number))
        sys.stdout.buffer.write(send(connection, options.method, target, headers, body))


try:
    main()
except Refusal as refusal:
    sys.exit(str(refusal))
