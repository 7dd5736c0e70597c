#!/usr/bin/python3
"""As much of OpenShift's API server as answers for cluster operators, over TLS.

usage: operators_api.py MODE PORT_FILE CERTIFICATE KEY CLIENT_CA

Listens on a free port of 127.0.0.1 and writes its number into PORT_FILE once it does. Wants a
client certificate of CLIENT_CA. MODE is what it says:

  settled      no operator is progressing
  progressing  etcd is
  403          the client may not ask
  hang         nothing at all
  garbage      what is no HTTP
"""
import http.server
import json
import os
import ssl
import sys
import threading

MODES = ("settled", "progressing", "403", "hang", "garbage")
GROUP = "config.openshift.io"
FOLDER = f"/apis/{GROUP}/v1/clusteroperators/"
VERSION = "4.16.21"
OPERANDS = {"kube-apiserver": "1.29.9", "kube-controller-manager": "1.29.9",
            "kube-scheduler": "1.29.9", "etcd": VERSION}


def condition(kind, status, reason="AsExpected", message=""):
    return {"lastTransitionTime": "2026-11-20T09:13:41Z", "message": message, "reason": reason,
            "status": status, "type": kind}


def progressing_condition(progressing):
    if progressing:
        return condition("Progressing", "True", "NodeInstaller",
                         "NodeInstallerProgressing: 2 nodes are at revision 7; 1 node is at "
                         "revision 8")
    return condition("Progressing", "False", "AsExpected",
                     "NodeInstallerProgressing: 3 nodes are at revision 8")


def cluster_operator(name, progressing):
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterOperator",
        "metadata": {
            "annotations": {"include.release.openshift.io/self-managed-high-availability": "true"},
            "creationTimestamp": "2026-03-02T11:20:14Z", "generation": 1, "name": name,
            "resourceVersion": "18342117", "uid": "0e5d4d3c-2b1f-4bb4-9f0e-6a3b1f7a5c11",
        },
        "spec": {},
        "status": {
            "conditions": [
                condition("Degraded", "False", "AsExpected",
                          "NodeControllerDegraded: All master nodes are ready"),
                progressing_condition(progressing),
                condition("Available", "True", "AsExpected",
                          "StaticPodsAvailable: 3 nodes are active; 3 nodes are at revision 8"),
                condition("Upgradeable", "True"),
            ],
            "extension": None,
            "relatedObjects": [
                {"group": "operator.openshift.io", "name": "cluster",
                 "resource": name.replace("-", "") + "s"},
                {"group": "", "name": f"openshift-{name}", "resource": "namespaces"},
            ],
            "versions": [{"name": "operator", "version": VERSION},
                         {"name": name, "version": OPERANDS[name]}],
        },
    }


def failure(code, reason, message, name):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason,
            "details": {"name": name, "group": GROUP, "kind": "clusteroperators"}, "code": code}


def answer_for(mode, path):
    name = path.removeprefix(FOLDER)
    what = f'clusteroperators.{GROUP} "{name}"'
    if mode == "403":
        return 403, failure(403, "Forbidden",
                            f'{what} is forbidden: User "system:admin" cannot get resource '
                            f'"clusteroperators" in API group "{GROUP}" at the cluster scope', name)
    if not path.startswith(FOLDER) or name not in OPERANDS:
        return 404, failure(404, "NotFound", f"{what} not found", name)
    return 200, cluster_operator(name, mode == "progressing" and name == "etcd")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        mode = self.server.mode
        if mode == "hang":
            threading.Event().wait()
        if mode == "garbage":
            self.wfile.write(b"\x00\x01\x02 this is no HTTP\r\n\r\n")
            self.close_connection = True
            return
        code, answer = answer_for(mode, self.path)
        body = json.dumps(answer, separators=(",", ":")).encode() + b"\n"
        self.send_response(code)
        self.send_header("Audit-Id", "5a3f2c1e-7a44-4a7e-8a51-0a4f6f1f2f61")
        self.send_header("Cache-Control", "no-cache, private")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, mode, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = mode
        self.context = context

    # The handshake belongs to the connection's own thread: one that hangs holds up no other.
    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    # A client that goes away, or whose certificate is not good, is what some tests are about.
    def handle_error(self, request, client_address):
        print(f"operators_api: {sys.exc_info()[1]}", file=sys.stderr)


def main():
    if len(sys.argv) != 6 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    mode, port_file, certificate, key, client_ca = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(mode, context)
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_port}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


main()
