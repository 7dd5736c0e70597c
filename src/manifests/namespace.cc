#include "manifests/namespace.h"

#include <algorithm>
#include <array>

namespace lifeboat::manifests {
namespace {

using base::Json;

bool is_shared(std::string_view name) {
  constexpr std::array kShared{"default", "kube-node-lease", "kube-public", "kube-system"};
  return std::ranges::find(kShared, name) != kShared.end();
}

constexpr const char* kAbout =
    "To remove everything but the namespace and the volume in it:\n"
    "  kubectl delete -f FILE -l 'app.kubernetes.io/component!=volume'\n"
    "Deleting the namespace deletes the volume.";

constexpr const char* kAboutWithoutVolume =
    "To remove everything but the namespace:\n"
    "  kubectl delete -f FILE -l 'app.kubernetes.io/component!=volume'\n"
    "The backups are in the bucket, and stay there.";

void set_pod_security(const Plan& plan, Json& object, Comments& comments) {
  const char* profile = plan.in_network_mode() ? "restricted" : "privileged";
  Json metadata = *object.find("metadata");
  Json names = *metadata.find("labels");
  for (const char* check : {"enforce", "audit", "warn"}) {
    names.set(std::string("pod-security.kubernetes.io/") + check, profile);
  }
  if (plan.on_openshift()) names.set("security.openshift.io/scc.podSecurityLabelSync", "false");
  if (plan.on_openshift() && plan.options.alerts) {
    names.set("openshift.io/cluster-monitoring", "true");
    comments["/metadata/labels/openshift.io~1cluster-monitoring"] =
        "The cluster's own Prometheus, which has the metrics of Jobs and volumes, reads the alerts "
        "of this namespace.";
  }
  metadata.set("labels", std::move(names));
  object.set("metadata", std::move(metadata));
  comments["/metadata/labels/pod-security.kubernetes.io~1enforce"] =
      plan.in_network_mode() ? "Nothing here needs more than an ordinary application."
                             : "Host paths and the host's network are allowed by no lesser "
                               "profile. What the pod gives up of it stands in its "
                               "securityContext.";
}

}  // namespace

Objects namespace_objects(const Plan& plan) {
  const std::string& name = plan.options.namespace_name;
  if (is_shared(name)) return {};
  Object object{"namespace.yaml",
                plan.in_bucket() ? kAboutWithoutVolume : kAbout,
                make_object(plan, "v1", "Namespace", name, "", kVolumeComponent),
                {},
                true};
  set_pod_security(plan, object.value, object.comments);
  keep_forever(object.value);
  if (plan.on_openshift() && !plan.in_network_mode()) {
    annotate(object.value, "openshift.io/node-selector", "");
    object.comments["/metadata/annotations/openshift.io~1node-selector"] =
        "A default node selector of the cluster would keep the pod from control plane nodes.";
  }
  return {std::move(object)};
}

void keep_forever(Json& object) {
  annotate(object, "argocd.argoproj.io/sync-options", "Prune=false,Delete=false");
  annotate(object, "helm.sh/resource-policy", "keep");
  annotate(object, "kustomize.toolkit.fluxcd.io/prune", "disabled");
}

}  // namespace lifeboat::manifests
