#include "manifests/alerts.h"

#include "base/text.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

std::string in_namespace(const Plan& plan) {
  return cat("namespace=\"", plan.options.namespace_name, "\"");
}

std::string of_cron_job(const Plan& plan, const char* metric) {
  return cat(metric, "{", in_namespace(plan), ",cronjob=\"", kBackupName, "\"}");
}

// Of a CronJob without any success yet: the time since it was made.
std::string last_success(const Plan& plan) {
  return cat("(max by (namespace) (", of_cron_job(plan, "kube_cronjob_status_last_successful_time"),
             ")\n  or max by (namespace) (", of_cron_job(plan, "kube_cronjob_created"), "))");
}

std::string too_old(const Plan& plan) {
  return cat("time() - ", last_success(plan), "\n> ", plan.alert_after_seconds, "\n");
}

// Once a later Job succeeds it is over, while the failed one stays for its log.
std::string job_failed(const Plan& plan) {
  const std::string space = in_namespace(plan);
  return cat("max by (namespace) (\n  kube_job_status_start_time{", space,
             "}\n  and on (namespace, job_name) kube_job_owner{", space,
             ",owner_kind=\"CronJob\",owner_name=\"", kBackupName,
             "\"}\n  and on (namespace, job_name) kube_job_failed{", space,
             ",condition=\"true\"} == 1\n)\n> on (namespace) ", last_success(plan), "\n");
}

std::string suspended(const Plan& plan) {
  return cat(of_cron_job(plan, "kube_cronjob_spec_suspend"), " == 1");
}

// The kubelet sees a volume only while it is mounted: the last it saw counts.
std::string nearly_full(const Plan& plan) {
  const auto last = [&](const char* metric) {
    return cat("min by (namespace, persistentvolumeclaim) (last_over_time(\n  ", metric, "{",
               in_namespace(plan), ",persistentvolumeclaim=\"", plan.options.volume_claim, "\"}[",
               plan.alert_after_seconds, "s]))");
  };
  return cat(last("kubelet_volume_stats_available_bytes"), "\n/ ",
             last("kubelet_volume_stats_capacity_bytes"), "\n< 0.1\n");
}

struct Alert {
  const char* name;
  std::string (*expression)(const Plan&);
  const char* wait;
  const char* severity;
  const char* summary;
  const char* description;
};

constexpr Alert kAlerts[] = {
    {"EtcdBackupTooOld", &too_old, "15m", "critical", "There is no recent backup of etcd.",
     "No backup has succeeded for two periods of the schedule."},
    {"EtcdBackupJobFailed", &job_failed, "5m", "warning", "A backup of etcd failed.",
     "The last Job did not succeed, and none has since. Its log says why; exit status 8 is a "
     "backup that exists and needs attention."},
    {"EtcdBackupSuspended", &suspended, "1h", "warning", "Backups of etcd are suspended.",
     "The CronJob has been suspended for an hour and takes no backups."},
    {"EtcdBackupVolumeNearlyFull", &nearly_full, "15m", "warning",
     "The volume with the backups of etcd is nearly full.",
     "Less than a tenth is free. When a backup does not fit, older ones go first that retention "
     "would remove anyway; then backups fail."},
};

std::string anchor(const char* name) {
  std::string text;
  for (const char c : std::string_view(name)) {
    text += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return text;
}

std::string runbook(const Plan& plan, const char* name) {
  std::string base = plan.options.runbook_base;
  if (!base.empty() && !base.ends_with('/')) base += '/';
  return cat(base, "docs/ALERTS.md#", anchor(name));
}

Json rule(const Plan& plan, const Alert& alert) {
  return map(
      {{"alert", alert.name},
       {"expr", alert.expression(plan)},
       {"for", alert.wait},
       {"labels", map({{"severity", alert.severity}, {"namespace", plan.options.namespace_name}})},
       {"annotations", map({{"summary", alert.summary},
                            {"description", alert.description},
                            {"runbook_url", runbook(plan, alert.name)}})}});
}

}  // namespace

Objects alert_objects(const Plan& plan) {
  if (!plan.options.alerts) return {};
  Json rules = Json::array();
  for (const Alert& alert : kAlerts) {
    if (alert.expression == &nearly_full && plan.in_bucket()) continue;
    rules.push(rule(plan, alert));
  }
  Object object{"alerts.yaml",
                "",
                make_object(plan, "monitoring.coreos.com/v1", "PrometheusRule", kBackupName,
                            plan.options.namespace_name, kBackupComponent),
                {}};
  object.value.set("spec",
                   map({{"groups", list({map({{"name", kBackupName}, {"rules", rules}})})}}));
  return {std::move(object)};
}

}  // namespace lifeboat::manifests
