#!/usr/bin/env bash
# Manifests of every combination of options are what a strict API server takes, read the same to
# every reader of YAML, and no value gets out of its place.
source "$(dirname "$0")/lib.sh"

validate=$root/../shared/conformance/kube/validate-manifests
plain=(manifests --cluster prod --image registry.example/lifeboat:1.0)

bucket=(--vault s3://backups/etcd --s3-secret keys)

manifests() { "$LIFEBOAT" "${plain[@]}" "$@"; }

# ---- Values that mean harm --------------------------------------------------------------------

long=$(printf 'a%.0s' {1..300})
# shellcheck disable=SC2016  # Nothing is to be expanded.
hostile=($'a\nkind: Pod' 'a"b' "a'b" '{{ .x }}' '{{hub x hub}}' 'a: b' 'a #b' '&a' '*a' '!!binary'
  '$(id)' '[a]' "$long" ' ' $'\t' $'a\r' '@daily' '99 * * * *')
refuse_harm() {
  # Its runs are beside those below, so what they say is kept apart.
  local work=$work/harm flag value
  mkdir "$work"
  for flag in cluster namespace service-account schedule time-zone vault volume-size volume-claim \
    storage-class image image-pull-secret node-binary label resources endpoints \
    jitter encrypt-to; do
    for value in "${hostile[@]}"; do
      expect 2 "$LIFEBOAT" "${plain[@]}" "--$flag=$value"
      [ ! -s "$work/out" ] || wrong "it printed something for --$flag"
    done
  done
  for flag in s3-endpoint s3-region s3-ca-configmap scratch-size; do
    for value in "${hostile[@]}"; do
      expect 2 "$LIFEBOAT" "${plain[@]}" "${bucket[@]}" "--$flag=$value"
    done
  done
  mkdir "$work/notes"
  for value in "${hostile[@]:1:10}"; do
    manifests --annotation "note=$value" >"$work/notes/$value" || wrong "--annotation refuses $value"
  done
  /usr/bin/python3 - "$work/notes" <<'PYTHON' || wrong 'an annotation is another'
import os, sys, yaml
for value in os.listdir(sys.argv[1]):
    with open(os.path.join(sys.argv[1], value), encoding="utf-8") as stream:
        notes = {d["metadata"]["annotations"]["note"] for d in yaml.safe_load_all(stream)}
    if notes != {value}:
        sys.exit(f"{value} becomes {notes}")
PYTHON
  equal 'the annotations' "$(find "$work/notes" -type f | wc -l)" 10
  expect 2 "$LIFEBOAT" "${plain[@]}" --format acm-policy --annotation 'note={{ .x }}'
  stderr_has 'as a template by ACM'
}
refuse_harm &
harm_pid=$!

# ---- Every combination ------------------------------------------------------------------------

modes=('control-plane native' 'control-plane auto' 'control-plane script' 'network native')
rests=('' --alerts --inspect-pod '--alerts --inspect-pod --rbac legacy'
  '--inspect-pod --inspect-image registry.example/ubi9/ubi')
buckets=("${bucket[*]}"
  "${bucket[*]} --alerts --s3-endpoint https://10.0.0.9:9000 --s3-ca-configmap ca")

# combine PLATFORM MODE METHOD REST...: a line of flags for each format and rest.
combine() {
  local format rest platform=$1 mode=$2 method=$3
  shift 3
  for format in kubernetes kustomize acm-policy; do
    for rest; do
      echo "--format $format --platform $platform --mode $mode --method $method $rest"
    done
  done
}
combinations() {
  local platform mode
  for mode in "${modes[@]}"; do
    for platform in openshift kubernetes; do
      combine "$platform" "${mode% *}" "${mode#* }" "${rests[@]}" "${buckets[@]}"
    done
    # They have no script, and what else differs from Kubernetes is in the pod alone.
    [ "${mode#* }" = native ] || continue
    for platform in k3s rke2; do
      combine "$platform" "${mode% *}" native '' "${buckets[0]}"
    done
  done
}

mkdir "$work/folders" "$work/streams"
count=0
while read -r -a flags; do
  count=$((count + 1))
  manifests "${flags[@]}" --render-dir "$work/folders/$count" 2>"$work/err" ||
    wrong "exit status $? with ${flags[*]}"
  case ${flags[1]} in
    kustomize) ;;
    *)
      manifests "${flags[@]}" >"$work/streams/$count.yaml" 2>"$work/err"
      manifests "${flags[@]}" -o json >"$work/streams/$count.json" 2>"$work/err"
      ;;
  esac
done < <(combinations)
equal 'the combinations' "$count" 192

if [ -x "$validate" ]; then
  "$validate" "$work/folders" >"$work/findings" || wrong "$(head -n 20 "$work/findings")"
  say "$(tail -n 1 "$work/findings")"
fi

# Python reads YAML 1.1, as kubectl does: what it reads is what the program meant.
/usr/bin/python3 - "$work"/streams/*.yaml <<'PYTHON'
import json
import sys
import yaml

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as stream:
        documents = list(yaml.safe_load_all(stream))
    with open(path[:-5] + ".json", encoding="utf-8") as stream:
        items = json.load(stream)["items"]
    if documents != items:
        sys.exit(f"{path} reads differently")
PYTHON

# ---- What a security reviewer looks for -------------------------------------------------------

# facts FILTER FLAGS...: of the pod that takes the backup.
facts() {
  local filter=$1
  shift
  manifests "$@" -o json | jq -r ".items[] | select(.kind == \"CronJob\" and .metadata.name ==
    \"etcd-backup\").spec.jobTemplate.spec.template.spec | $filter"
}

for platform in openshift kubernetes; do
  equal "the host paths on $platform" \
    "$(facts '[.volumes[].hostPath.path // empty] | join(" ")' --platform $platform)" /etc/kubernetes
  equal "the host paths over the network on $platform" \
    "$(facts '[.volumes[].hostPath.path // empty] | join(" ")' --platform $platform --mode network)" ''
  equal "privileged on $platform" \
    "$(facts '.containers[0].securityContext.privileged' --platform $platform)" false
done
equal 'privileged for the script' \
  "$(facts '.containers[0].securityContext.privileged' --method script)" true
equal 'the user over the network' \
  "$(facts .securityContext.runAsUser --platform kubernetes --mode network)" 65532

# ---- kustomize --------------------------------------------------------------------------------

mkdir "$work/built"
if command -v kubectl >/dev/null; then
  for folder in "$root"/deploy/kubernetes/base "$root"/deploy/kubernetes/overlays/*; do
    built=$work/built/${folder##*/}.yaml
    kubectl kustomize "$folder" >"$built" 2>"$work/err" || wrong "$(cat "$work/err")"
    grep -q '^kind: CronJob$' "$built" || wrong "$folder has no CronJob"
  done
  grep -q 'schedule: 0 2 \* \* \*' "$work/built/sandbox.yaml" || wrong 'the overlay changes no schedule'
  for folder in "$root"/deploy/acm/fleet "$root"/deploy/acm/overlays/*; do
    kubectl kustomize "$folder" >"$work/acm.yaml" 2>"$work/err" || wrong "$(cat "$work/err")"
  done
fi
[ ! -x "$validate" ] ||
  "$validate" "$work/built" "$root"/deploy/{kubernetes/base,openshift,acm} || wrong 'they are not valid'

wait "$harm_pid"
