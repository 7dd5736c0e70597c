#include "cli/verify_output.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/units.h"

namespace lifeboat::cli {
namespace {

using base::Json;

// What the snapshot holds, null where it was not read.
void add_inspection(Json& document, const std::optional<etcd::Inspection>& found) {
  for (const std::string_view name :
       {"db_size", "revision", "compact_revision", "keys", "records", "leases", "hash_kv"}) {
    document.set(name, Json());
  }
  if (!found || found->hashes.empty()) return;
  Json prefixes = Json::object();
  for (const auto& [prefix, count] : found->kubernetes.objects_by_prefix) {
    prefixes.set(prefix, count);
  }
  document.set("db_size", found->image_size_bytes)
      .set("revision", found->revision)
      .set("compact_revision", found->compact_revision)
      .set("keys", found->keys)
      .set("records", found->records)
      .set("leases", found->leases)
      .set("hash_kv", std::uint64_t{found->hashes.front().hash})
      .set("storage_version", found->storage_version)
      .set("kubernetes", Json::object()
                             .set("objects", found->kubernetes.objects)
                             .set("objects_by_prefix", std::move(prefixes)));
}

void print_inspection(std::ostream& out, const etcd::Inspection& found) {
  out << "  " << base::format_size(found.image_size_bytes) << " in etcd " << found.storage_version
      << "'s form, revision " << found.revision << ", " << base::count_of(found.keys, "key")
      << " in " << base::count_of(found.records, "record") << ", "
      << base::count_of(found.leases, "lease");
  if (!found.hashes.empty()) out << ", HashKV " << found.hashes.front().hash;
  out << '\n';
  const etcd::KubernetesSummary& kubernetes = found.kubernetes;
  if (kubernetes.objects > 0) {
    std::vector<std::string> prefixes;
    for (const auto& [prefix, count] : kubernetes.objects_by_prefix) prefixes.push_back(prefix);
    out << "  " << base::count_of(kubernetes.objects, "Kubernetes object") << " under "
        << base::printable(base::join(prefixes, ", ")) << '\n';
  }
}

Json result_json(const backup::VerifyResult& result, bool is_file) {
  Json findings = Json::array();
  for (const backup::Finding& finding : result.findings) {
    findings.push(Json::object()
                      .set("check", finding.check)
                      .set("where", finding.where)
                      .set("message", finding.message));
  }
  Json document = Json::object();
  document.set(is_file ? "path" : "id", result.subject).set("ok", result.ok());
  add_inspection(document, result.inspection);
  document.set("checks", Json::strings(result.checks)).set("findings", std::move(findings));
  document.set("notes", Json::strings(result.notes));
  if (result.findings_left_out > 0) document.set("findings_left_out", result.findings_left_out);
  return document;
}

}  // namespace

Json to_json(const std::vector<backup::VerifyResult>& results, bool is_file) {
  Json documents = Json::array();
  for (const auto& result : results) documents.push(result_json(result, is_file));
  const bool ok = std::ranges::all_of(results, &backup::VerifyResult::ok);
  return Json::object().set("ok", ok).set("results", std::move(documents));
}

void print_result(std::ostream& out, const backup::VerifyResult& result) {
  const char* verdict = result.ok() ? "ok    " : result.is_damaged() ? "FAILED" : "SEALED";
  out << base::printable(result.subject, 1000) << "  " << verdict
      << "  checked: " << (result.checks.empty() ? "nothing" : base::join(result.checks, ", "))
      << '\n';
  for (const backup::Finding& finding : result.findings) {
    out << "  "
        << base::printable(base::cat(finding.check, ": ", finding.where, ": ", finding.message),
                           500)
        << '\n';
  }
  if (result.findings_left_out > 0) {
    out << "  and " << base::count_of(result.findings_left_out, "finding") << " more\n";
  }
  if (result.ok() && result.inspection) print_inspection(out, *result.inspection);
  for (const std::string& note : result.notes)
    out << "  note: " << base::printable(note, 500) << '\n';
  out << std::flush;
}

}  // namespace lifeboat::cli
