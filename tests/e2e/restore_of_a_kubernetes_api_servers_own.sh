#!/usr/bin/env bash
# Snapshots of a real Kubernetes API server hold what its etcd said of them while it lived, and an
# etcd on what they restore to serves every key of theirs, with its revisions, version and lease.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

samples=$root/../shared/samples
[ -e "$samples" ] || skip 'the snapshots of a Kubernetes API server are not here'
[ "$ETCD_VERSION" = 3.5 ] || skip 'they are of etcd 3.5'

start 1
stop_cluster
zcat "$samples/kube-3.5.30.keys.tsv.gz" | LC_ALL=C sort >"$work/expected.keys"
for name in kube-3.5.30 kube-3.5.30-compacted; do
  packed=$samples/$name.db.zst
  verify_file "$packed"
  json '.results[0] | {revision, compact_revision, hash_kv, keys}' | jq -S . >"$work/said"
  jq -S 'del(.etcd_version)' "$samples/$name.expected.json" >"$work/expected"
  equal 'the objects' "$(json '.results[0].kubernetes.objects')" "$(jq .keys "$work/expected")"
  same "what $name holds" "$work/expected" "$work/said"

  mkdir "$work/$name"
  expect 0 restore "$packed" --data-dir "$work/$name/m1" --bump-revision 0
  start_restored "$work/$name"
  equal 'the hash' "$(live_hash)" "$(jq -r '"\(.hash_kv) \(.compact_revision)"' "$work/expected")"
  etcdctl get --prefix '' -w json | /usr/bin/python3 -c '
import base64, hashlib, json, sys
for kv in json.load(sys.stdin)["kvs"]:
    numbers = [kv.get(name, 0) for name in ("create_revision", "mod_revision", "version", "lease")]
    value = base64.b64decode(kv.get("value", ""))
    print(base64.b64decode(kv["key"]).decode(), *numbers, len(value),
          hashlib.sha256(value).hexdigest(), sep="\t")
' | LC_ALL=C sort >"$work/keys"
  same "every key of $name" "$work/expected.keys" "$work/keys"
  stop_cluster
done
