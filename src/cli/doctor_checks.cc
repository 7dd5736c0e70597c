#include "cli/doctor_checks.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/output.h"
#include "node/official_script.h"
#include "node/static_pods.h"
#include "rpc/tls_probe.h"
#include "vault/vault.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;
using std::chrono::days;

constexpr days kRenewWithin(30);
// A clock that runs this much ahead of ours is nothing to talk about.
constexpr std::chrono::minutes kClockTolerance(1);
constexpr std::uint64_t kRoomForFewBackups = 3;

Diagnosis failed(std::string check, std::string subject, const Error& error) {
  if (error.code() == Code::kCancelled) throw error;
  std::string message = error.what();
  // It stands beside its subject, which an error names as well.
  const std::string lead = subject + ": ";
  if (message.starts_with(lead)) message.erase(0, lead.size());
  return {std::move(check), std::move(subject), Health::kFailed, std::move(message), error.hint()};
}

bool answered(const backup::EndpointReport& report) { return report.status.has_value(); }

Diagnosis describe_member(const std::string& url, const etcd::MemberStatus& status) {
  const std::string role = status.learner                         ? "learner"
                           : status.member_id == status.leader_id ? "leader"
                                                                  : "follower";
  Diagnosis line{"endpoint", url, Health::kOk,
                 cat("etcd ", status.version, ", ", role, ", database ",
                     base::format_size(status.db_size_bytes), ", revision ", status.revision),
                 ""};
  if (status.leader_id == 0) {
    line.health = Health::kWarning;
    line.message += ", knows no leader";
    line.hint = "a majority of the members has to be up: look at the other endpoints";
  }
  return line;
}

// Whether a warning is about an endpoint that does not answer, which has a line of its own.
bool is_told_by_endpoint(const backup::Survey& survey, std::string_view warning) {
  return std::any_of(survey.reports.begin(), survey.reports.end(), [&](const auto& report) {
    return report.failure && warning.ends_with(report.failure->what());
  });
}

// ---- Certificates -----------------------------------------------------------------------------

std::string day_of(base::TimePoint time) { return base::format_time(time).substr(0, 10); }

Diagnosis judge_end(const std::string& subject, base::TimePoint end, base::TimePoint now) {
  Diagnosis line{"certificate", subject, Health::kOk, "", ""};
  const auto left = std::chrono::floor<days>(end - now);
  if (end <= now) {
    line.health = Health::kFailed;
    line.message = cat("expired on ", day_of(end), ", ", age(end, now), " ago");
  } else {
    line.message = cat("good until ", day_of(end), ", ",
                       base::count_of(static_cast<std::size_t>(left.count()), "day"), " left");
    if (left < kRenewWithin) line.health = Health::kWarning;
  }
  if (line.health != Health::kOk) line.hint = "renew the certificate";
  return line;
}

Diagnosis judge_certificate(const std::string& subject, const rpc::CertificateInfo& certificate,
                            base::TimePoint now) {
  if (certificate.not_before <= now) return judge_end(subject, certificate.not_after, now);
  return {"certificate", subject, Health::kFailed,
          cat("not good before ", base::format_time(certificate.not_before),
              ", and the clock says ", base::format_time(now)),
          "check the clock of this machine"};
}

bool ends_earlier(const rpc::CertificateInfo& left, const rpc::CertificateInfo& right) {
  return left.not_after < right.not_after;
}

// A chain is as good as the first of its certificates to expire. A CA file, of which any
// certificate will do, is as good as its last.
enum class Counts { kFirstToExpire, kLastToExpire };

void check_file(const rpc::PemFile& file, Counts counts, base::TimePoint now, Diagnoses& lines) {
  if (!file.given()) return;
  try {
    const auto certificates = rpc::read_certificates(file);
    const auto [first, last] =
        std::minmax_element(certificates.begin(), certificates.end(), &ends_earlier);
    const auto& chosen = counts == Counts::kFirstToExpire ? *first : *last;
    lines.push_back(judge_certificate(file.path, chosen, now));
  } catch (const Error& error) {
    lines.push_back(failed("certificate", file.path, error));
  }
}

// ---- Vault ------------------------------------------------------------------------------------

void write_and_remove(store::Store& store, const std::string& name) {
  store::put_text(store, name, "lifeboat doctor was here\n");
  store.remove(name);
}

bool holds_cluster(store::Store& store, const std::string& cluster) {
  const auto clusters = vault::list_clusters(store);
  return std::find(clusters.begin(), clusters.end(), cluster) != clusters.end();
}

Diagnosis check_writing(store::Store& store, const std::string& cluster) {
  constexpr std::string_view kTestName = "doctor-write-test";
  Diagnosis line{"vault", store.location(), Health::kOk, "can be written", ""};
  try {
    if (!holds_cluster(store, cluster)) {
      // The lock would leave a folder for a cluster that may never be.
      write_and_remove(store, std::string(kTestName));
      return line;
    }
    const auto lock = vault::ClusterVault(store, cluster).lock();
    write_and_remove(store, cat(cluster, "/", kTestName));
  } catch (const Error& error) {
    if (error.code() != Code::kBusy) return failed("vault", store.location(), error);
    line.message = "in use by another run right now, so writing was not tried";
  }
  return line;
}

Diagnosis describe_inventory(const std::string& cluster, const vault::Inventory& inventory,
                             base::TimePoint now) {
  Diagnosis line{"vault", cluster, Health::kOk, base::count_of(inventory.backups.size(), "backup"),
                 ""};
  if (!inventory.backups.empty()) {
    line.message +=
        cat(", the newest ", age(inventory.backups.back().catalog.id.time, now), " old");
  }
  if (!inventory.leftovers.empty()) {
    line.message += cat(", ", base::count_of(inventory.leftovers.size(), "unfinished one"),
                        " that the next run removes");
  }
  if (!inventory.unreadable.empty()) {
    line.health = Health::kWarning;
    line.message += cat(", ", base::count_of(inventory.unreadable.size(), "unreadable catalog"));
    line.hint = "\"lifeboat verify --all\" says what is wrong with each";
  }
  return line;
}

Diagnosis check_clock(const vault::Inventory& inventory, base::TimePoint now) {
  Diagnosis line{"clock", "", Health::kOk, base::format_time(now), ""};
  const auto newest = inventory.newest_id();
  if (newest && newest->time > now + kClockTolerance) {
    line.health = Health::kWarning;
    line.message += cat(", but there is a backup of ", newest->text());
    line.hint = "check the clocks of all machines that take backups";
  }
  return line;
}

// ---- Node -------------------------------------------------------------------------------------

Diagnoses describe_static_pods(const os::HostTree& tree, const node::StaticPods& pods) {
  const std::string subject = base::printable(tree.show(pods.base), 1000);
  Diagnoses lines;
  for (const std::string& problem : pods.problems) {
    lines.push_back({"static pods", subject, Health::kWarning, problem,
                     "a backup holds what there is; mount what is missing, or mend the node"});
  }
  if (pods.paths.empty()) return lines;
  lines.push_back({"static pods", subject, Health::kOk,
                   cat(base::count_of(pods.files.size(), "file"), " and folders, ",
                       base::format_size(node::estimate_size_bytes(pods))),
                   ""});
  return lines;
}

Diagnoses check_settled(const backup::NodeContext& node, backup::Settled settled,
                        const std::stop_token& stop) {
  const node::SettledAnswer answer = node.ask_whether_settled(stop);
  if (answer.settled) return {{"settled", "", Health::kOk, "the control plane is at rest", ""}};
  const bool has_to_be = settled == backup::Settled::kRequire;
  return {{"settled", "", has_to_be ? Health::kFailed : Health::kWarning,
           cat("the control plane may be changing: ", answer.reason),
           "look at `oc get clusteroperators`"}};
}

Diagnoses check_script(os::HostTree& tree, backup::Method method) {
  const std::string subject = base::printable(tree.location(), 1000);
  try {
    if (const auto script = node::find_official_script(tree)) {
      return {{"script", subject, Health::kOk, cat("there is /", *script), ""}};
    }
    const bool has_to_be = method == backup::Method::kScript;
    return {{"script", subject, has_to_be ? Health::kFailed : Health::kWarning,
             "OpenShift's backup script is not there",
             "mount the whole of the node's root, or use --method native"}};
  } catch (const Error& error) {
    return {failed("script", subject, error)};
  }
}

}  // namespace

std::string_view health_name(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarning:
      return "warning";
    case Health::kFailed:
      return "failed";
  }
  LIFEBOAT_CHECK(false);
}

Diagnoses check_endpoints(const backup::Survey& survey) {
  const bool any = std::any_of(survey.reports.begin(), survey.reports.end(), &answered);
  Diagnoses lines;
  for (const backup::EndpointReport& report : survey.reports) {
    const std::string& url = report.endpoint->url();
    if (report.status) {
      lines.push_back(describe_member(url, *report.status));
      continue;
    }
    lines.push_back(failed("endpoint", url, *report.failure));
    // A backup can still be taken from another one.
    if (any) lines.back().health = Health::kWarning;
  }
  return lines;
}

Diagnoses check_members(const backup::Survey& survey) {
  Diagnoses lines;
  if (std::none_of(survey.reports.begin(), survey.reports.end(), &answered)) return lines;
  try {
    const backup::Choice choice = backup::choose_member(survey);
    lines.push_back({"member", "choice", Health::kOk, choice.reason, ""});
    for (const std::string& note : choice.notes) {
      lines.push_back({"member", "", Health::kOk, note, ""});
    }
    for (const std::string& warning : choice.warnings) {
      if (is_told_by_endpoint(survey, warning)) continue;
      lines.push_back({"member", "", Health::kWarning, warning, ""});
    }
  } catch (const Error& error) {
    lines.push_back(failed("member", "choice", error));
  }
  for (const std::string& warning : survey.warnings) {
    lines.push_back({"member", "", Health::kWarning, warning, ""});
  }
  return lines;
}

Diagnoses check_certificates(const rpc::ClientOptions& options, const backup::Survey& survey,
                             const World& world, std::stop_token stop) {
  const base::TimePoint now = world.clock.now();
  Diagnoses lines;
  check_file(options.ca, Counts::kLastToExpire, now, lines);
  check_file(options.cert, Counts::kFirstToExpire, now, lines);
  for (const backup::EndpointReport& report : survey.reports) {
    if (!report.status) continue;  // the endpoint's own line says why
    const rpc::EndpointUrl url = rpc::parse_endpoint_url(report.endpoint->url(), false);
    if (!url.tls) continue;
    const auto end = world.probe(url, options, stop).server_certificate_expires;
    if (end) lines.push_back(judge_end(url.text, *end, now));
  }
  return lines;
}

Diagnoses check_vault(store::Store& store, const std::string& cluster, base::TimePoint now) {
  Diagnoses lines;
  try {
    lines.push_back(check_writing(store, cluster));
    if (cluster.empty()) return lines;
    const vault::Inventory inventory = vault::ClusterVault(store, cluster).inventory();
    lines.push_back(describe_inventory(cluster, inventory, now));
    lines.push_back(check_clock(inventory, now));
  } catch (const Error& error) {
    lines.push_back(failed("vault", store.location(), error));
  }
  return lines;
}

NodeFindings check_node(const backup::NodeContext& node, const backup::TakeOptions& options,
                        std::stop_token stop) {
  NodeFindings found;
  const node::StaticPods pods = node::find_static_pods(node.tree, node.platform, node.vaults, stop);
  found.static_pods_bytes = node::estimate_size_bytes(pods);
  found.static_pods = describe_static_pods(node.tree, pods);
  const bool asks =
      node.platform == node::Platform::kOpenShift && options.settled != backup::Settled::kIgnore;
  if (asks) found.settled = check_settled(node, options.settled, stop);
  if (options.method != backup::Method::kNative) {
    found.script = check_script(node.tree, options.method);
  }
  for (const std::string& folder : node::find_script_leftovers(node.tree, node.fs)) {
    found.script.push_back({"script", base::printable(folder, 1000), Health::kWarning,
                            "was left behind by a run that was killed; it holds secrets",
                            "the next backup that may write there removes it"});
  }
  return found;
}

Diagnoses check_space(store::Store& store, const BackupSize& size) {
  try {
    const auto available = store.available_bytes();
    if (!available) return {};
    Diagnosis line{"space", store.location(), Health::kOk, base::format_size(*available) + " free",
                   ""};
    if (size.database_bytes == 0) return {line};
    const std::uint64_t backup_bytes = size.database_bytes + size.static_pods_bytes;
    const std::uint64_t room = *available / backup_bytes;
    line.message += cat(", room for ", base::count_of(room, "more backup"), " of ",
                        base::format_size(backup_bytes));
    if (room < kRoomForFewBackups) {
      line.health = *available < size.database_bytes ? Health::kFailed : Health::kWarning;
      line.hint = "make the volume larger, or keep fewer backups (\"lifeboat prune --dry-run\")";
    }
    return {line};
  } catch (const Error& error) {
    return {failed("space", store.location(), error)};
  }
}

}  // namespace lifeboat::cli
