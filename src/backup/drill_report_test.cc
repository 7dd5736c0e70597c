#include "backup/drill_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "vault/drill_record.h"

namespace lifeboat::backup {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

base::TimePoint time(const char* text) { return base::parse_time(text).value(); }

DrillReport good_report() {
  DrillReport report;
  report.cluster = "prod";
  report.tool_version = "0.1.0";
  report.node = "cp-0";
  report.report_files = {"/reports/drill.html"};
  report.record = "prod/drills/2026-11-22_070000_of_2026-11-21_060000.json";
  DrillResult& result = report.result;
  result.subject = "2026-11-21_060000";
  result.started = time("2026-11-22T07:00:00.123Z");
  result.finished = time("2026-11-22T07:01:00Z");
  result.etcd_program = "/usr/bin/etcd";
  result.etcd_version = "3.5.30";
  result.revision = 200001;
  result.size_bytes = 1 << 30;
  result.restore_time = milliseconds(4321);
  result.boot_time = milliseconds(2100);
  result.restart_time = milliseconds(900);
  result.expected_hash = result.actual_hash = {200001, 190000, 180962745};
  result.expected_keys = result.actual_keys = 100000;
  result.sampled_keys = 100;
  result.checks = {
      {"restore", true, "a whole snapshot", "restored in 4.3s"},
      {"boot", true, "etcd serves within 5m 0s", "after 2.1s"},
      {"hash_kv", true, "180962745 at revision 200001", "180962745 at revision 200001"},
      {"keys", true, "100000", "100000"}};
  result.notes = {"1 alarm of the old cluster left out (NOSPACE 1, CORRUPT 0, other 0)"};
  return report;
}

// With everything that can go wrong, and with texts from outside that would break a page.
DrillReport bad_report() {
  DrillReport report = good_report();
  report.cluster.clear();
  report.record.clear();
  report.report_files.clear();
  DrillResult& result = report.result;
  result.subject = "/tmp/<script>alert('1')</script> & \"more\".db";
  result.checks.back() = {"sample", false, "100 keys", "1 differs: <b>/registry/\x1b[31m\xff</b>"};
  result.boot_time.reset();
  result.restart_time.reset();
  result.actual_hash.reset();
  result.actual_keys.reset();
  result.etcd_failure = base::Error(base::Code::kUnavailable, "etcd ended");
  result.etcd_log = {"panic: </pre><script>"};
  report.warnings = {"the drill is not recorded: <busy>"};
  return report;
}

// LIFEBOAT_UPDATE_GOLDEN=1 writes the files anew; read the difference before it is committed.
void expect_golden(const std::string& name, const std::string& content) {
  const std::string path = std::string(LIFEBOAT_SOURCE_DIR) + "/tests/data/drill/" + name;
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << content;
  std::ostringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_EQ(content, file.str()) << path;
}

TEST(DrillReport, IsTheDocumentThatItWas) {
  expect_golden("good.json", to_json(good_report()).dump() + "\n");
  expect_golden("bad.json", to_json(bad_report()).dump() + "\n");
}

TEST(DrillReport, IsThePageThatItWas) {
  expect_golden("good.html", to_html(good_report()));
  expect_golden("bad.html", to_html(bad_report()));
}

TEST(DrillReport, IsWhatTheVaultReads) {
  const auto record = vault::decode_drill_record(to_json(good_report()).dump());
  EXPECT_EQ(record.backup.text(), "2026-11-21_060000");
  EXPECT_TRUE(record.ok);
  EXPECT_EQ(record.at, time("2026-11-22T07:00:00.123Z"));
  EXPECT_EQ(record.restore_seconds, 4.321);
  EXPECT_EQ(record.boot_seconds, 2.1);
}

TEST(DrillReport, NamesAPlaceWhereItIs) {
  DrillReport report = good_report();
  EXPECT_EQ(*to_json(report).find("report")->as_string(), "/reports/drill.html");
  report.report_files.clear();
  EXPECT_EQ(*to_json(report).find("report")->as_string(), report.record);
  report.record.clear();
  EXPECT_TRUE(to_json(report).find("report")->is_null());
}

TEST(DrillReport, StandsAlone) {
  for (const std::string& page : {to_html(good_report()), to_html(bad_report())}) {
    EXPECT_THAT(page,
                AllOf(Not(HasSubstr("<script")), Not(HasSubstr("src=")), Not(HasSubstr("href=")),
                      Not(HasSubstr("url(")), Not(HasSubstr("@import")), Not(HasSubstr("\x1b"))));
  }
}

TEST(DrillReport, IsOkOnlyWhenEverythingWasDone) {
  EXPECT_TRUE(good_report().result.ok());
  DrillResult result = good_report().result;
  result.restart_time.reset();
  EXPECT_FALSE(result.ok());
  result = good_report().result;
  result.checks[2].ok = false;
  EXPECT_FALSE(result.ok());
  result = good_report().result;
  result.etcd_failure = base::Error(base::Code::kUnavailable, "etcd ended");
  EXPECT_FALSE(result.ok());
  EXPECT_FALSE(DrillResult().ok());
}

}  // namespace
}  // namespace lifeboat::backup
