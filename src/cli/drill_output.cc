#include "cli/drill_output.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "os/atomic_file.h"
#include "os/paths.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kJsonEnd = ".json";
constexpr std::string_view kHtmlEnd = ".html";

std::string check_text(const backup::DrillCheck& check) {
  if (check.ok) return cat("ok: ", check.actual);
  return cat("FAILED: ", check.actual, "; expected: ", check.expected);
}

}  // namespace

void print_drill(std::ostream& out, const backup::DrillReport& report) {
  const backup::DrillResult& result = report.result;
  Fields fields = {{report.cluster.empty() ? "file" : "backup", result.subject},
                   {"etcd program", cat(result.etcd_version, " (", result.etcd_program, ")")}};
  for (const backup::DrillCheck& check : result.checks) {
    fields.emplace_back(check.name, check_text(check));
  }
  if (const auto recovery = result.recovery_time()) {
    fields.emplace_back("recovery", cat(base::format_duration(*recovery), " on this machine"));
  }
  fields.emplace_back("result", result.ok() ? "ok" : "FAILED");
  for (const std::string& file : report.report_files) fields.emplace_back("report", file);
  if (!report.record.empty()) fields.emplace_back("record", report.record);
  print_fields(out, fields);
}

void check_report_file(const std::string& path, os::FileSystem& fs) {
  if (!path.ends_with(kJsonEnd) && !path.ends_with(kHtmlEnd)) {
    throw Error(Code::kInvalid, cat("--report: ", in_quotes(path), " names no kind of report"),
                "let it end in .json or .html; it may be given twice");
  }
  const std::string folder = os::parent_path(path);
  if (os::is_folder(fs, folder)) return;
  throw Error(Code::kInvalid, cat("--report: there is no folder ", base::printable(folder, 1000)));
}

void write_reports(const backup::DrillReport& report, os::FileSystem& fs) {
  for (const std::string& file : report.report_files) {
    const std::string text =
        file.ends_with(kJsonEnd) ? backup::to_json(report).dump() + "\n" : backup::to_html(report);
    os::write_file_atomically(fs, file, base::as_bytes(text));
  }
}

}  // namespace lifeboat::cli
