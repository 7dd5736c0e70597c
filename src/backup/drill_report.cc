#include "backup/drill_report.h"

#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "vault/drill_record.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Json;
using std::chrono::milliseconds;

// ---- JSON -------------------------------------------------------------------------------------

Json seconds(const std::optional<milliseconds>& duration) {
  if (!duration) return Json();
  return Json(static_cast<double>(duration->count()) / 1000);
}

template <typename Number>
Json number(const std::optional<Number>& value) {
  return value ? Json(*value) : Json();
}

Json hash(const std::optional<etcd::HashKv>& value) {
  return value ? Json(std::uint64_t{value->hash}) : Json();
}

Json check_json(const DrillCheck& check) {
  return Json::object()
      .set("name", check.name)
      .set("ok", check.ok)
      .set("expected", check.expected)
      .set("actual", check.actual);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

// One of the places, so that whoever looks for the report finds it.
std::string first_place(const DrillReport& report) {
  return report.report_files.empty() ? report.record : report.report_files.front();
}

// ---- HTML -------------------------------------------------------------------------------------

constexpr std::string_view kStyle = R"(
  body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto;
         padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
           border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
  th { font-weight: 600; white-space: nowrap; }
  .verdict { font-size: 1.2rem; font-weight: 600; padding: .6rem 1rem; border-left: .5rem solid; }
  .ok { color: #11622a; } .failed { color: #a3121f; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f5f5f5; padding: .8rem; }
  footer { margin-top: 2rem; color: #555; }
  @media print { body { margin: 0; max-width: none; } }
)";

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

// Fit for a page: no control characters, valid UTF-8, escaped.
std::string fit(std::string_view text) {
  constexpr std::size_t kBytesMax = 2000;
  return escape(base::printable(text, kBytesMax));
}

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string rows_html(const Rows& rows) {
  std::string html = "<table>\n";
  for (const auto& [name, value] : rows) {
    html += cat("<tr><th scope=\"row\">", fit(name), "</th><td>", fit(value), "</td></tr>\n");
  }
  return html + "</table>\n";
}

std::string duration_text(const std::optional<milliseconds>& duration) {
  return duration ? base::format_duration(*duration) : "not measured";
}

Rows subject_rows(const DrillReport& report) {
  const DrillResult& result = report.result;
  Rows rows;
  if (!report.cluster.empty()) rows.emplace_back("Cluster", report.cluster);
  rows.emplace_back(report.cluster.empty() ? "File" : "Backup", result.subject);
  rows.emplace_back("Started", base::format_time(result.started));
  rows.emplace_back("Finished", base::format_time(result.finished));
  if (!report.node.empty()) rows.emplace_back("On", report.node);
  rows.emplace_back("etcd", cat(result.etcd_version, " (", result.etcd_program, ")"));
  return rows;
}

Rows measured_rows(const DrillResult& result) {
  Rows rows = {{"Restore", duration_text(result.restore_time)},
               {"etcd's start", duration_text(result.boot_time)},
               {"Recovery time on this machine", duration_text(result.recovery_time())},
               {"etcd's second start", duration_text(result.restart_time)}};
  if (!result.restore_time) return rows;
  rows.emplace_back("Revision", std::to_string(result.revision));
  rows.emplace_back("Size of the restored database", base::format_size(result.size_bytes));
  rows.emplace_back("Keys compared byte for byte", std::to_string(result.sampled_keys));
  return rows;
}

std::string checks_html(const std::vector<DrillCheck>& checks) {
  std::string html =
      "<table>\n<tr><th scope=\"col\">Check</th><th scope=\"col\">Result</th>"
      "<th scope=\"col\">Expected</th><th scope=\"col\">Found</th></tr>\n";
  for (const DrillCheck& check : checks) {
    const std::string_view verdict = check.ok ? "ok" : "failed";
    html += cat("<tr><td>", fit(check.name), "</td><td class=\"", verdict, "\">", verdict,
                "</td><td>", fit(check.expected), "</td><td>", fit(check.actual), "</td></tr>\n");
  }
  return html + "</table>\n";
}

// "" if there are no lines.
std::string lines_html(std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string html = cat("<h2>", title, "</h2>\n<ul>\n");
  for (const std::string& line : lines) html += cat("<li>", fit(line), "</li>\n");
  return html + "</ul>\n";
}

std::string log_html(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string html = "<h2>The end of etcd's log</h2>\n<pre>";
  for (const std::string& line : lines) html += fit(line) + "\n";
  return html + "</pre>\n";
}

std::string verdict_html(bool ok) {
  return cat("<p class=\"verdict ", ok ? "ok" : "failed", "\">",
             ok ? "Passed: etcd started on the restored data, and what it served was right."
                : "Failed: see the checks below.",
             "</p>\n");
}

}  // namespace

Json to_json(const DrillReport& report) {
  const DrillResult& result = report.result;
  Json checks = Json::array();
  for (const DrillCheck& check : result.checks) checks.push(check_json(check));
  return Json::object()
      .set("ok", result.ok())
      .set("id", report.cluster.empty() ? Json() : Json(result.subject))
      .set("restore_seconds", seconds(result.restore_time))
      .set("boot_seconds", seconds(result.boot_time))
      .set("hash_kv", Json::object()
                          .set("expected", hash(result.expected_hash))
                          .set("actual", hash(result.actual_hash)))
      .set("keys", number(result.actual_keys))
      .set("etcd_version", result.etcd_version)
      .set("report", text_or_null(first_place(report)))
      .set("format", vault::kDrillFormat)
      .set("path", report.cluster.empty() ? Json(result.subject) : Json())
      .set("cluster", text_or_null(report.cluster))
      .set("tool", Json::object().set("name", "lifeboat").set("version", report.tool_version))
      .set("node", report.node)
      .set("at", base::format_time(result.started))
      .set("finished", base::format_time(result.finished))
      .set("restart_seconds", seconds(result.restart_time))
      .set("revision", result.restore_time ? Json(result.revision) : Json())
      .set("db_size", result.restore_time ? Json(result.size_bytes) : Json())
      .set("expected_keys", number(result.expected_keys))
      .set("sampled_keys", result.sampled_keys)
      .set("checks", std::move(checks))
      .set("notes", Json::strings(result.notes))
      .set("etcd_log", Json::strings(result.etcd_log))
      .set("reports", Json::strings(report.report_files))
      .set("record", text_or_null(report.record))
      .set("warnings", Json::strings(report.warnings));
}

std::string to_html(const DrillReport& report) {
  const DrillResult& result = report.result;
  const std::string title = cat("Restore drill of ", result.subject);
  return cat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>",
             fit(title), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>", fit(title),
             "</h1>\n", verdict_html(result.ok()), rows_html(subject_rows(report)),
             "<h2>Measured</h2>\n", rows_html(measured_rows(result)), "<h2>Checks</h2>\n",
             checks_html(result.checks), lines_html("Notes", result.notes),
             lines_html("Warnings", report.warnings), log_html(result.etcd_log),
             "<footer>Made by lifeboat ", fit(report.tool_version), " at ",
             base::format_time(result.finished), ".</footer>\n</body>\n</html>\n");
}

}  // namespace lifeboat::backup
