#include "manifests/policy.h"

#include "base/error.h"
#include "base/text.h"
#include "manifests/render.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Code;
using base::Error;
using base::Json;

constexpr const char* kPolicyGroup = "policy.open-cluster-management.io";
constexpr const char* kPolicyVersion = "policy.open-cluster-management.io/v1";
constexpr const char* kClusterGroup = "cluster.open-cluster-management.io";

constexpr const char* kAboutSettings =
    "What differs from one environment to the next, read by the templates of the policy: a change "
    "here reaches every cluster of it.";
constexpr const char* kAboutEnforced =
    "Everything that takes backups, on every cluster that the placement chooses.";
constexpr const char* kAboutReported =
    "NonCompliant while the CronJob is suspended or a failed Job is there: look at its log, then "
    "delete it.";
constexpr const char* kAboutVolume =
    "A part of its own, whose objects stay when the policy goes: the backups are on that volume, "
    "and a namespace that goes takes its volumes along.";
constexpr const char* kAboutNamespace =
    "A part of its own, whose object stays when the policy goes: the Secret with the bucket's keys "
    "is in that namespace.";
constexpr const char* kAboutRest = "What the policy made goes with the policy.";
constexpr const char* kAboutSet = "The two belong together, and are placed together.";
constexpr const char* kAboutClusterSet =
    "Lets the placements of this namespace choose from this set of clusters. Every environment "
    "needs "
    "it: leave it there when one of them goes.";
constexpr const char* kAboutTolerations =
    "A cluster that does not answer the hub keeps its policy, and so its backups.";

constexpr const char* kAboutServers =
    "ACM knows OpenShift from the rest, but not k3s or RKE2 from other clusters of Kubernetes: "
    "where there are others, choose with --environment or --cluster-set.";

// The name of everything on the hub; each environment has its own copy, so that a change is
// promoted from one to the next.
std::string hub_name(const Plan& plan) {
  const std::string& environment = plan.options.environment;
  return environment.empty() ? kBackupName : cat(kBackupName, "-", environment);
}

std::string settings_name(const Plan& plan) { return cat(hub_name(plan), "-settings"); }
std::string status_name(const Plan& plan) { return cat(hub_name(plan), "-status"); }

std::string hub_template(const Plan& plan, std::string_view key) {
  return cat("{{hub fromConfigMap \"", plan.options.policy_namespace, "\" \"", settings_name(plan),
             "\" \"", key, "\" hub}}");
}

// Reads one of the values that the hub may change, and puts the template in its place.
void move_to_hub(const Plan& plan, std::string_view key, std::string& value, Json& settings) {
  settings.set(key, value);
  value = hub_template(plan, key);
}

Plan with_templates(const Plan& plan, Json& settings) {
  Plan result = plan;
  Options& options = result.options;
  move_to_hub(plan, "schedule", options.schedule, settings);
  if (!plan.in_bucket()) {
    move_to_hub(plan, "volume_size", options.volume_size, settings);
  }
  if (!options.storage_class.empty()) {
    move_to_hub(plan, "storage_class", options.storage_class, settings);
  }
  for (auto& [name, value] : options.settings) {
    if (name == "keep_last") move_to_hub(plan, name, value, settings);
  }
  if (options.alerts) {
    move_to_hub(plan, "alert_after_seconds", result.alert_after_seconds, settings);
  }
  return result;
}

// ---- The policies -----------------------------------------------------------------------------

// Names of policies are joined with their namespace into a label's value.
void check_policy_name(const Plan& plan) {
  const std::size_t length = plan.options.policy_namespace.size() + 1 + status_name(plan).size();
  if (length <= 62) return;
  throw Error(Code::kInvalid,
              cat("--policy-namespace and --environment together make a name of ", length,
                  " characters, and ACM takes 62"),
              "choose shorter ones");
}

Object on_the_hub(const Plan& plan, const char* file, const char* about,
                  std::string_view api_version, const char* kind, std::string_view name) {
  return {
      file,
      about,
      make_object(plan, api_version, kind, name, plan.options.policy_namespace, kBackupComponent),
      {}};
}

struct Part {
  std::string name;
  std::string about;
  const char* action;
  const char* severity;
  const char* pruning;
  Objects objects;
  const char* compliance = "musthave";
};

Commented configuration_policy(const Part& part) {
  Commented result;
  Json templates = Json::array();
  for (std::size_t i = 0; i < part.objects.size(); ++i) {
    const Object& object = part.objects[i];
    const std::string place = cat("/objectDefinition/spec/object-templates/", i);
    templates.push(map({{"complianceType", part.compliance}, {"objectDefinition", object.value}}));
    result.comments.merge(moved_to(cat(place, "/objectDefinition"), object.comments));
    if (!object.about.empty()) result.comments[place] = object.about;
  }
  const Json spec = map({{"remediationAction", part.action},
                         {"severity", part.severity},
                         {"pruneObjectBehavior", part.pruning},
                         {"object-templates", std::move(templates)}});
  result.value = map({{"objectDefinition", map({{"apiVersion", kPolicyVersion},
                                                {"kind", "ConfigurationPolicy"},
                                                {"metadata", map({{"name", part.name}})},
                                                {"spec", spec}})}});
  if (!part.about.empty()) result.comments[""] = part.about;
  return result;
}

Object policy(const Plan& plan, const char* file, const char* about, const std::string& name,
              const char* action, const std::vector<Part>& parts) {
  Object object = on_the_hub(plan, file, about, kPolicyVersion, "Policy", name);
  annotate(object.value, cat(kPolicyGroup, "/standards"), "NIST SP 800-53");
  annotate(object.value, cat(kPolicyGroup, "/categories"), "CP Contingency Planning");
  annotate(object.value, cat(kPolicyGroup, "/controls"), "CP-9 System Backup");
  Json templates = Json::array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Commented part = configuration_policy(parts[i]);
    templates.push(std::move(part.value));
    object.comments.merge(moved_to(cat("/spec/policy-templates/", i), part.comments));
  }
  object.value.set("spec", map({{"disabled", false},
                                {"remediationAction", action},
                                {"policy-templates", std::move(templates)}}));
  return object;
}

// How to remove a cluster's objects by hand means nothing to who reads a policy.
Objects without_advice(Objects objects) {
  for (Object& object : objects) {
    if (object.file == "namespace.yaml") object.about.clear();
  }
  return objects;
}

Object enforced(const Plan& plan, const Plan& templated) {
  Part volume{cat(hub_name(plan), "-volume"),
              plan.in_bucket() ? kAboutNamespace : kAboutVolume,
              "enforce",
              "high",
              "None",
              {}};
  Part rest{hub_name(plan), kAboutRest, "enforce", "high", "DeleteIfCreated", {}};
  for (Object& object : without_advice(cluster_objects(templated))) {
    (object.keep ? volume : rest).objects.push_back(std::move(object));
  }
  return policy(plan, "policy.yaml", kAboutEnforced, hub_name(plan), "enforce",
                volume.objects.empty() ? std::vector<Part>{rest} : std::vector<Part>{volume, rest});
}

Object suspended_cron_job(const Plan& plan) {
  return {
      "",
      "",
      map({{"apiVersion", "batch/v1"},
           {"kind", "CronJob"},
           {"metadata", map({{"name", kBackupName}, {"namespace", plan.options.namespace_name}})},
           {"spec", map({{"suspend", true}})}}),
      {}};
}

Object failed_job(const Plan& plan) {
  const Json condition = map({{"type", "Failed"}, {"status", "True"}});
  return {"",
          "",
          map({{"apiVersion", "batch/v1"},
               {"kind", "Job"},
               {"metadata", map({{"namespace", plan.options.namespace_name},
                                 {"labels", selector(kBackupComponent)}})},
               {"status", map({{"conditions", list({condition})}})}}),
          {}};
}

Object reported(const Plan& plan) {
  const auto part = [&](const char* name, Object object) {
    return Part{cat(hub_name(plan), "-", name),
                "",
                "inform",
                "critical",
                "None",
                {std::move(object)},
                "mustnothave"};
  };
  return policy(plan, "status.yaml", kAboutReported, status_name(plan), "inform",
                {part("suspended", suspended_cron_job(plan)), part("failed", failed_job(plan))});
}

// ---- Where they go ----------------------------------------------------------------------------

Json requirement(const char* key, const char* operation, const std::string& value) {
  return map({{"key", key}, {"operator", operation}, {"values", list({value})}});
}

Json toleration(const char* taint) {
  return map({{"key", cat(kClusterGroup, "/", taint)}, {"operator", "Exists"}});
}

Object policy_set(const Plan& plan) {
  Object object = on_the_hub(plan, "placement.yaml", kAboutSet, cat(kPolicyGroup, "/v1beta1"),
                             "PolicySet", hub_name(plan));
  object.value.set("spec", map({{"description", "Backups of etcd, and that they are well."},
                                {"policies", list({hub_name(plan), status_name(plan)})}}));
  return object;
}

Object placement(const Plan& plan) {
  const std::string& environment = plan.options.environment;
  Json requirements =
      list({requirement("vendor", plan.on_openshift() ? "In" : "NotIn", "OpenShift")});
  if (!environment.empty()) requirements.push(requirement("environment", "In", environment));
  const Json chosen =
      map({{"labelSelector", map({{"matchExpressions", std::move(requirements)}})}});
  Object object = on_the_hub(plan, "placement.yaml", "", cat(kClusterGroup, "/v1beta1"),
                             "Placement", hub_name(plan));
  object.value.set(
      "spec", map({{"clusterSets", list({plan.options.cluster_set})},
                   {"predicates", list({map({{"requiredClusterSelector", chosen}})})},
                   {"tolerations", list({toleration("unreachable"), toleration("unavailable")})}}));
  object.comments["/spec/tolerations"] = kAboutTolerations;
  if (plan.on_k3s_or_rke2()) object.comments["/spec/predicates"] = kAboutServers;
  return object;
}

Object binding(const Plan& plan) {
  Object object =
      on_the_hub(plan, "placement.yaml", "", kPolicyVersion, "PlacementBinding", hub_name(plan));
  object.value
      .set("placementRef",
           map({{"apiGroup", kClusterGroup}, {"kind", "Placement"}, {"name", hub_name(plan)}}))
      .set("subjects",
           list({map(
               {{"apiGroup", kPolicyGroup}, {"kind", "PolicySet"}, {"name", hub_name(plan)}})}));
  return object;
}

Object cluster_set_binding(const Plan& plan) {
  const std::string& set = plan.options.cluster_set;
  Object object = on_the_hub(plan, "placement.yaml", kAboutClusterSet,
                             cat(kClusterGroup, "/v1beta2"), "ManagedClusterSetBinding", set);
  object.value.set("spec", map({{"clusterSet", set}}));
  return object;
}

}  // namespace

Objects policy_objects(const Plan& plan) {
  check_policy_name(plan);
  Json settings = Json::object();
  const Plan templated = with_templates(plan, settings);
  Object values =
      on_the_hub(plan, "settings.yaml", kAboutSettings, "v1", "ConfigMap", settings_name(plan));
  values.value.set("data", std::move(settings));
  return {std::move(values),        enforced(plan, templated), reported(plan),
          policy_set(plan),         placement(plan),           binding(plan),
          cluster_set_binding(plan)};
}

}  // namespace lifeboat::manifests
