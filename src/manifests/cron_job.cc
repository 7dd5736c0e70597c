#include "manifests/cron_job.h"

#include <chrono>

#include "base/text.h"
#include "manifests/pod.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

constexpr const char* kAboutFailures =
    "By exit status of lifeboat. 6 (etcd can't be reached) and 7 (another run holds the vault) are "
    "worth another attempt; the rest is not. 8 is a backup that was taken and needs attention: a "
    "second one would not change that. A pod that had to leave its node counts as no attempt.";

constexpr const char* kAboutScript =
    "--method script and auto run the node's own cluster-backup.sh: the pod is privileged, and the "
    "node's whole file system is mounted at /host.";

constexpr const char* kAboutScriptElsewhere =
    "The script is OpenShift's, and of no other cluster: on these nodes somebody has to have put "
    "it.";

constexpr const char* kAboutDeadline =
    "For all attempts together: an hour, and besides as long as the script may take, and as the "
    "run may wait before it begins.";

// Longer than any run that makes progress takes, so that one that hangs is ended before the next.
std::int64_t deadline_seconds(const Plan& plan) {
  const std::chrono::seconds script =
      plan.uses_script() ? plan.options.script_timeout : std::chrono::seconds(0);
  const std::chrono::seconds jitter = plan.options.jitter.value_or(std::chrono::seconds(0));
  return (std::chrono::hours(1) + script + jitter).count();
}

Json exit_rule(const char* action, const char* operation) {
  return map(
      {{"action", action},
       {"onExitCodes",
        map({{"containerName", "backup"}, {"operator", operation}, {"values", list({6, 7})}})}});
}

Json failure_policy() {
  const Json disruption = map({{"type", "DisruptionTarget"}, {"status", "True"}});
  return map({{"rules", list({map({{"action", "Ignore"}, {"onPodConditions", list({disruption})}}),
                              exit_rule("Count", "In"), exit_rule("FailJob", "NotIn")})}});
}

Commented job_template(const Plan& plan) {
  Commented pod = backup_pod(plan);
  const Json spec = map({{"backoffLimit", 3},
                         {"activeDeadlineSeconds", deadline_seconds(plan)},
                         {"podFailurePolicy", failure_policy()},
                         {"template", map({{"metadata", pod_metadata(plan, kBackupComponent)},
                                           {"spec", std::move(pod.value)}})}});
  Commented result{
      map({{"metadata", map({{"labels", labels(plan, kBackupComponent)}})}, {"spec", spec}}),
      moved_to("/spec/template/spec", pod.comments)};
  result.comments["/spec/podFailurePolicy"] = kAboutFailures;
  if (plan.uses_script() || plan.options.jitter)
    result.comments["/spec/activeDeadlineSeconds"] = kAboutDeadline;
  return result;
}

std::string about(const Plan& plan) {
  if (!plan.uses_script()) return "";
  return plan.on_openshift() ? kAboutScript : base::cat(kAboutScript, " ", kAboutScriptElsewhere);
}

}  // namespace

Objects cron_job_objects(const Plan& plan) {
  const Options& options = plan.options;
  Object object{"cronjob.yaml",
                about(plan),
                make_object(plan, "batch/v1", "CronJob", kBackupName, options.namespace_name,
                            kBackupComponent),
                {}};
  Commented job = job_template(plan);
  object.value.set("spec", map({{"schedule", options.schedule},
                                {"timeZone", options.time_zone},
                                {"concurrencyPolicy", "Forbid"},
                                {"startingDeadlineSeconds", 600},
                                {"successfulJobsHistoryLimit", 3},
                                {"failedJobsHistoryLimit", 3},
                                {"jobTemplate", std::move(job.value)}}));
  object.comments = moved_to("/spec/jobTemplate", job.comments);
  return {std::move(object)};
}

Objects inspect_objects(const Plan& plan) {
  const Options& options = plan.options;
  if (!options.inspect_pod) return {};
  const std::string command = options.inspect_image.empty() ? " -- lifeboat list" : " -it -- sh";
  Object object{
      "inspect.yaml",
      "For a look around, the volume read-only:\n  kubectl exec -n " + options.namespace_name +
          " " + kInspectName + command,
      make_object(plan, "v1", "Pod", kInspectName, options.namespace_name, kInspectComponent),
      {}};
  const Json metadata = pod_metadata(plan, kInspectComponent);
  if (const Json* annotations = metadata.find("annotations")) {
    for (const auto& [name, value] : *annotations->as_object()) {
      annotate(object.value, name, *value.as_string());
    }
  }
  Commented pod = inspect_pod(plan);
  object.value.set("spec", std::move(pod.value));
  object.comments = moved_to("/spec", pod.comments);
  return {std::move(object)};
}

}  // namespace lifeboat::manifests
