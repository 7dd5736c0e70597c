#!/usr/bin/python3
"""A proxy on the way to one server, as HTTPS_PROXY and HTTP_PROXY name it.

usage: proxy.py PORT_FILE LOG TARGET_PORT [--user NAME:PASSWORD] [--answer STATUS | --hang]

Listens on a free port of 127.0.0.1 and writes its number into PORT_FILE once it does. Whatever
host it is asked for, it leads to TARGET_PORT of 127.0.0.1: so a test can have a bucket whose name
nobody else knows. It takes CONNECT, and requests that name the whole URL, and writes the first two
words of each into LOG.

  --user    407 for whoever does not come with that name and password
  --answer  that status instead of what was asked for
  --hang    takes connections and says nothing
"""
import argparse
import base64
import http.client
import http.server
import os
import select
import socket
import threading
import urllib.parse

# What is between the client and the proxy only.
OWN_HEADERS = ("proxy-authorization", "proxy-connection", "connection")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Or the body of an answer waits until its header is acknowledged: 40 ms for each request.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def is_let_through(self):
        """Writes down what is asked for, and answers it unless it is to be passed on."""
        options = self.server.options
        with self.server.lock, open(options.log, "a", encoding="utf-8") as log:
            log.write(f"{self.command} {self.path}\n")
        if options.hang:
            threading.Event().wait()
        if options.answer:
            return self.refuse(options.answer)
        if options.user:
            wanted = "Basic " + base64.b64encode(options.user.encode()).decode()
            if self.headers.get("Proxy-Authorization") != wanted:
                return self.refuse(407, "Proxy-Authenticate", 'Basic realm="proxy"')
        return True

    def refuse(self, status, *header):
        page = b"<html>the proxy of the house</html>"
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        if header:
            self.send_header(*header)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)
        self.close_connection = True
        return False

    def do_CONNECT(self):
        if not self.is_let_through():
            return
        with socket.create_connection(("127.0.0.1", self.server.options.target_port)) as server:
            self.send_response(200, "Connection established")
            self.end_headers()
            self.pump(server)
        self.close_connection = True

    def pump(self, server):
        ends = {self.connection: server, server: self.connection}
        while True:
            for ready in select.select(list(ends), [], [])[0]:
                piece = ready.recv(65536)
                if not piece:
                    return
                ends[ready].sendall(piece)

    def pass_on(self):
        if not self.is_let_through():
            return
        url = urllib.parse.urlsplit(self.path)
        if url.scheme != "http" or not url.netloc:
            self.refuse(400)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = http.client.HTTPConnection("127.0.0.1", self.server.options.target_port)
        server.putrequest(self.command, self.path.partition(url.netloc)[2], skip_host=True,
                          skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in OWN_HEADERS:
                server.putheader(name, value)
        server.endheaders(body)
        answer = server.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() != "transfer-encoding":
                self.send_header(name, value)
        if answer.chunked:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        server.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # One of the two ends is gone, and with it what there was to do.


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port_file")
    parser.add_argument("log")
    parser.add_argument("target_port", type=int)
    parser.add_argument("--user")
    parser.add_argument("--answer", type=int)
    parser.add_argument("--hang", action="store_true")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.options = options
    server.lock = threading.Lock()
    with open(options.port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_port}\n")
    os.rename(options.port_file + ".new", options.port_file)
    server.serve_forever()


main()
