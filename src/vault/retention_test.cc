// Golden files: tests/data/retention/*.golden. A line that begins with '#' says what the file
// shows, "policy:" is followed by flags, and every other line is one backup and what becomes of it:
//
//   2024-02-29_060000 10Gi proven pinned | keep: daily 3, pinned
//
// "started=2024-02-29_060000" is the time at which it was begun, where that is not the id's.
// LIFEBOAT_UPDATE_GOLDEN=1 rewrites what stands right of the bar.
#include "vault/retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/text.h"
#include "base/units.h"

namespace lifeboat::vault {
namespace {

struct Golden {
  std::vector<std::string> lines;
  RetentionPolicy policy;
  std::vector<RetentionCandidate> candidates;
};

void set_rule(RetentionPolicy& policy, const std::string& flag, const std::string& value) {
  const std::map<std::string, unsigned*> counts{
      {"--keep-last", &policy.keep_last},       {"--keep-hourly", &policy.keep_hourly},
      {"--keep-daily", &policy.keep_daily},     {"--keep-weekly", &policy.keep_weekly},
      {"--keep-monthly", &policy.keep_monthly}, {"--keep-yearly", &policy.keep_yearly}};
  if (flag == "--keep-within") {
    policy.keep_within =
        std::chrono::duration_cast<std::chrono::seconds>(base::parse_duration(value).value());
  } else if (flag == "--max-size") {
    policy.max_size_bytes = base::parse_size(value).value();
  } else {
    *counts.at(flag) = static_cast<unsigned>(std::stoul(value));
  }
}

RetentionPolicy parse_policy(std::string_view flags) {
  RetentionPolicy policy;
  const std::vector<std::string> words = base::split(flags, ' ');
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) set_rule(policy, words[i], words[i + 1]);
  return policy;
}

RetentionCandidate parse_candidate(std::string_view text) {
  const std::vector<std::string> words = base::split(text, ' ');
  RetentionCandidate candidate{.id = BackupId::parse(words.at(0)).value(),
                               .size_bytes = base::parse_size(words.at(1)).value()};
  candidate.proven = std::ranges::find(words, "proven") != words.end();
  candidate.pinned = std::ranges::find(words, "pinned") != words.end();
  constexpr std::string_view kStarted = "started=";
  for (const std::string& word : words) {
    if (!word.starts_with(kStarted)) continue;
    candidate.started = BackupId::parse(word.substr(kStarted.size())).value().time;
  }
  return candidate;
}

constexpr std::string_view kPolicyPrefix = "policy:";

bool is_backup_line(std::string_view line) {
  return !line.empty() && line.front() != '#' && !line.starts_with(kPolicyPrefix);
}

std::string left_of_bar(std::string_view line) {
  line = line.substr(0, line.find('|'));
  return std::string(line.substr(0, line.find_last_not_of(' ') + 1));
}

Golden read_golden(const std::filesystem::path& path) {
  Golden golden;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kPolicyPrefix)) {
      golden.policy = parse_policy(line.substr(kPolicyPrefix.size()));
    } else if (is_backup_line(line)) {
      golden.candidates.push_back(parse_candidate(left_of_bar(line)));
    }
    golden.lines.push_back(line);
  }
  return golden;
}

std::size_t width_of_left(const Golden& golden) {
  std::size_t width = 0;
  for (const std::string& line : golden.lines) {
    if (is_backup_line(line)) width = std::max(width, left_of_bar(line).size());
  }
  return width;
}

// The same file with the right side made anew.
std::string render(const Golden& golden, const std::vector<RetentionDecision>& decisions) {
  const std::size_t width = width_of_left(golden);
  std::string text;
  auto decision = decisions.begin();
  for (const std::string& line : golden.lines) {
    if (is_backup_line(line) && decision != decisions.end()) {
      EXPECT_TRUE(line.starts_with(decision->id.text() + " ")) << "not oldest first: " << line;
      std::string left = left_of_bar(line);
      left.resize(width, ' ');
      text += base::cat(left, " | ",
                        decision->keep ? "keep: " : "delete: ", base::join(decision->reasons, ", "),
                        "\n");
      ++decision;
    } else {
      text += line + "\n";
    }
  }
  return text;
}

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(LIFEBOAT_SOURCE_DIR "/tests/data/retention")) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

class RetentionGolden : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(RetentionGolden, DecidesAsWritten) {
  const Golden golden = read_golden(GetParam());
  ASSERT_FALSE(golden.candidates.empty());
  const std::string actual = render(golden, apply_retention(golden.policy, golden.candidates));
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(GetParam()) << actual;
    return;
  }
  EXPECT_EQ(actual, base::join(golden.lines, "\n") + "\n");

  std::vector<RetentionCandidate> reversed(golden.candidates.rbegin(), golden.candidates.rend());
  EXPECT_EQ(render(golden, apply_retention(golden.policy, reversed)), actual)
      << "the order of the candidates must not matter";
}

std::string test_name(const ::testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Retention, RetentionGolden, ::testing::ValuesIn(golden_files()),
                         test_name);

TEST(Retention, OfNothingIsNothing) {
  EXPECT_TRUE(apply_retention(RetentionPolicy{}, {}).empty());
  EXPECT_TRUE(apply_retention(parse_policy("--keep-within 1d --max-size 1"), {}).empty());
}

// Whatever the policy: pinned backups and the newest proven one stay.
TEST(Retention, NoPolicyRemovesPinnedOnesOrTheNewestProvenOne) {
  const std::vector<RetentionCandidate> candidates{parse_candidate("2026-01-01_000000 5Gi pinned"),
                                                   parse_candidate("2026-01-02_000000 5Gi proven"),
                                                   parse_candidate("2026-01-03_000000 5Gi proven"),
                                                   parse_candidate("2026-01-04_000000 5Gi"),
                                                   parse_candidate("2026-01-05_000000 5Gi")};
  for (const char* policy :
       {"--keep-last 1", "--keep-last 0 --keep-yearly 1", "--keep-last 0 --keep-within 0s",
        "--keep-last 0 --max-size 0", "--keep-last 5 --max-size 1", "--keep-last 1 --max-size 0"}) {
    std::vector<bool> kept;
    for (const auto& decision : apply_retention(parse_policy(policy), candidates)) {
      EXPECT_FALSE(decision.reasons.empty());
      kept.push_back(decision.keep);
    }
    EXPECT_TRUE(kept.at(0)) << policy;
    EXPECT_TRUE(kept.at(2)) << policy;
    EXPECT_FALSE(kept.at(1) && kept.at(3)) << policy << " removes nothing at all";
  }
}

// A size that overflows when summed must not make anything go.
TEST(Retention, SurvivesSizesThatNoDiskHas) {
  std::vector<RetentionCandidate> candidates;
  for (const char* id : {"2026-01-01_000000", "2026-01-02_000000", "2026-01-03_000000"}) {
    candidates.push_back({.id = BackupId::parse(id).value(), .size_bytes = UINT64_MAX});
  }
  EXPECT_EQ(apply_retention(parse_policy("--keep-last 3 --max-size 1Gi"), candidates).size(), 3U);
}

}  // namespace
}  // namespace lifeboat::vault
