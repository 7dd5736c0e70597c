#include "manifests/etcd_client.h"

#include "base/text.h"
#include "manifests/pod.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

constexpr const char* kFile = "etcd-client.yaml";
constexpr const char* kRbac = "rbac.authorization.k8s.io/v1";
constexpr const char* kSourceNamespace = "openshift-etcd";

constexpr const char* kAboutTargets =
    "OpenShift keeps the client certificate of etcd in the namespace openshift-etcd and renews it "
    "there. A pod can't mount it from another namespace, so a CronJob copies it into these two, "
    "every hour: until its first run the backup's pod waits for them. To not wait:\n";

constexpr const char* kAboutRead = "To read these two and nothing else of openshift-etcd.";
constexpr const char* kAboutWrite =
    "To fill these two. They are made empty, above: a right to create could not be limited to "
    "their names.";

// ---- The two, in a policy ---------------------------------------------------------------------

Object copied(const Plan& plan, const char* kind, const std::string& name, const char* function) {
  Object object{kFile,
                "",
                make_object(plan, "v1", kind, name, plan.options.namespace_name, kCopyComponent),
                {}};
  object.value.set("data", cat("{{ ", function, " \"", kSourceNamespace, "\" \"", name, "\" }}"));
  return object;
}

Objects copied_by_policy(const Plan& plan) {
  Object secret = copied(plan, "Secret", plan.client_secret(), "copySecretData");
  secret.about =
      "OpenShift keeps the client certificate of etcd in the namespace openshift-etcd and renews "
      "it there. The policy's own controller on each cluster copies it, and its CA, at every "
      "evaluation: no pod and no account needs a right for it.";
  return {std::move(secret),
          copied(plan, "ConfigMap", plan.client_ca_configmap(), "copyConfigMapData")};
}

// ---- The two, and a CronJob -------------------------------------------------------------------

Objects empty_targets(const Plan& plan) {
  const std::string& space = plan.options.namespace_name;
  Object secret{kFile,
                cat(kAboutTargets, "  oc -n ", space, " create job --from=cronjob/", kCopyName, " ",
                    kCopyName, "-first"),
                make_object(plan, "v1", "Secret", plan.client_secret(), space, kCopyComponent),
                {}};
  secret.value.set("type", "Opaque");
  Object bundle{
      kFile,
      "",
      make_object(plan, "v1", "ConfigMap", plan.client_ca_configmap(), space, kCopyComponent),
      {}};
  return {std::move(secret), std::move(bundle)};
}

Json rules(const Plan& plan, const Json& verbs) {
  const auto rule = [&](const char* resource, const std::string& name) {
    return map({{"apiGroups", list({""})},
                {"resources", list({resource})},
                {"resourceNames", list({name})},
                {"verbs", verbs}});
  };
  return list(
      {rule("secrets", plan.client_secret()), rule("configmaps", plan.client_ca_configmap())});
}

Objects access_in(const Plan& plan, const std::string& space, const char* about,
                  const Json& verbs) {
  Object role{kFile, about, make_object(plan, kRbac, "Role", kCopyName, space, kCopyComponent), {}};
  role.value.set("rules", rules(plan, verbs));
  Object binding{
      kFile, "", make_object(plan, kRbac, "RoleBinding", kCopyName, space, kCopyComponent), {}};
  binding.value
      .set("subjects", list({map({{"kind", "ServiceAccount"},
                                  {"name", kCopyName},
                                  {"namespace", plan.options.namespace_name}})}))
      .set("roleRef",
           map({{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", kCopyName}}));
  return {std::move(role), std::move(binding)};
}

// Through a pipe: the key is in no argument and on no disk.
std::string copy_script(const Plan& plan) {
  const auto copy = [&](const char* kind, const std::string& name) {
    return cat("oc -n ", kSourceNamespace, " get ", kind, " ", name,
               " -o jsonpath='{\"{\\\"data\\\":\"}{.data}{\"}\"}' |\n  oc -n ",
               plan.options.namespace_name, " patch ", kind, " ", name,
               " --type merge --patch-file /dev/stdin\n");
  };
  return cat("set -euo pipefail\n", copy("secret", plan.client_secret()),
             copy("configmap", plan.client_ca_configmap()));
}

Json copy_container(const Plan& plan) {
  return map({{"name", "copy"},
              {"image", plan.options.copy_image},
              {"imagePullPolicy", "IfNotPresent"},
              {"command", list({"bash", "-c", copy_script(plan)})},
              {"terminationMessagePolicy", "FallbackToLogsOnError"},
              {"resources", map({{"requests", map({{"cpu", "10m"}, {"memory", "64Mi"}})},
                                 {"limits", map({{"memory", "256Mi"}})}})},
              {"securityContext", unprivileged()}});
}

Object copy_cron_job(const Plan& plan) {
  Json pod = map({{"restartPolicy", "Never"}, {"serviceAccountName", kCopyName}});
  if (!plan.options.image_pull_secret.empty()) {
    pod.set("imagePullSecrets", list({map({{"name", plan.options.image_pull_secret}})}));
  }
  pod.set("securityContext", restricted_pod(plan));
  pod.set("containers", list({copy_container(plan)}));
  const Json job =
      map({{"backoffLimit", 3},
           {"activeDeadlineSeconds", 300},
           {"template",
            map({{"metadata", pod_metadata(plan, kCopyComponent)}, {"spec", std::move(pod)}})}});
  Object object{kFile,
                "`oc` is in the image that OpenShift itself brings. Where the internal registry is "
                "off, --copy-image names another with it. --etcd-secret and --etcd-ca-configmap do "
                "without all of this.",
                make_object(plan, "batch/v1", "CronJob", kCopyName, plan.options.namespace_name,
                            kCopyComponent),
                {}};
  object.value.set("spec", map({{"schedule", "17 * * * *"},
                                {"timeZone", "Etc/UTC"},
                                {"concurrencyPolicy", "Forbid"},
                                {"startingDeadlineSeconds", 600},
                                {"successfulJobsHistoryLimit", 1},
                                {"failedJobsHistoryLimit", 1},
                                {"jobTemplate", map({{"spec", job}})}}));
  return object;
}

}  // namespace

Objects etcd_client_objects(const Plan& plan) {
  if (!plan.copies_client()) return {};
  if (plan.options.format == Format::kAcmPolicy) return copied_by_policy(plan);
  Objects objects = empty_targets(plan);
  const auto add = [&](Objects more) {
    for (Object& object : more) objects.push_back(std::move(object));
  };
  objects.push_back({kFile,
                     "",
                     make_object(plan, "v1", "ServiceAccount", kCopyName,
                                 plan.options.namespace_name, kCopyComponent),
                     {}});
  add(access_in(plan, kSourceNamespace, kAboutRead, list({"get"})));
  add(access_in(plan, plan.options.namespace_name, kAboutWrite, list({"get", "patch"})));
  objects.push_back(copy_cron_job(plan));
  return objects;
}

}  // namespace lifeboat::manifests
