#include "vault/retention.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/text.h"

namespace lifeboat::vault {
namespace {

using base::cat;

// Which hour (day, week, ...) a time falls into, as a number. Calendar arithmetic only: leap days
// and the turn of the year need no care, and nothing here knows a local time.
using Bucket = std::int64_t (*)(std::chrono::sys_seconds);

std::int64_t hour_of(std::chrono::sys_seconds time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

std::chrono::sys_days date_of(std::chrono::sys_seconds time) {
  return std::chrono::floor<std::chrono::days>(time);
}

std::int64_t day_of(std::chrono::sys_seconds time) {
  return date_of(time).time_since_epoch().count();
}

// An ISO 8601 week begins on Monday wherever it lies in the year, so that its Monday names it.
std::int64_t week_of(std::chrono::sys_seconds time) {
  const std::chrono::sys_days date = date_of(time);
  const auto since_monday = std::chrono::weekday(date) - std::chrono::Monday;
  return (date - since_monday).time_since_epoch().count();
}

std::int64_t year_of(std::chrono::sys_seconds time) {
  return static_cast<int>(std::chrono::year_month_day(date_of(time)).year());
}

std::int64_t month_of(std::chrono::sys_seconds time) {
  const std::chrono::year_month_day date(date_of(time));
  return year_of(time) * 12 + static_cast<unsigned>(date.month());
}

// "30d", "36h": the largest unit that leaves no rest, as a user would write it.
std::string duration_text(std::chrono::seconds duration) {
  struct Unit {
    std::int64_t seconds;
    char name;
  };
  for (const Unit unit : {Unit{86400, 'd'}, Unit{3600, 'h'}, Unit{60, 'm'}}) {
    if (duration.count() % unit.seconds == 0) {
      return cat(duration.count() / unit.seconds, std::string_view(&unit.name, 1));
    }
  }
  return cat(duration.count(), "s");
}

// The two times that rules go by.
enum class Time { kOfId, kOfStart };

struct Entry {
  RetentionCandidate candidate;
  RetentionDecision decision;
  // When it was begun, by its catalog, does not fit in with the others.
  bool is_out_of_order = false;

  std::chrono::sys_seconds time(Time which) const {
    return which == Time::kOfStart ? candidate.started.value_or(candidate.id.time)
                                   : candidate.id.time;
  }

  void keep(std::string reason) {
    decision.keep = true;
    if (std::ranges::count(decision.reasons, reason) > 0) return;
    decision.reasons.push_back(std::move(reason));
  }
};

// The work of one call. Entries are sorted oldest first; rules look at them from the newest back.
class Evaluation {
 public:
  Evaluation(const RetentionPolicy& policy, std::vector<RetentionCandidate> candidates)
      : policy_(policy) {
    std::ranges::sort(candidates, {}, &RetentionCandidate::id);
    for (const RetentionCandidate& candidate : candidates) {
      entries_.push_back(
          {.candidate = candidate, .decision = {.id = candidate.id, .keep = false, .reasons = {}}});
      if (candidate.proven) newest_proven_ = candidate.id;
    }
    find_what_is_out_of_order();
  }

  std::vector<RetentionDecision> run() {
    if (no_rule_is_set()) keep_all();
    keep_last();
    keep_newest_of_each("hourly", policy_.keep_hourly, &hour_of);
    keep_newest_of_each("daily", policy_.keep_daily, &day_of);
    keep_newest_of_each("weekly", policy_.keep_weekly, &week_of);
    keep_newest_of_each("monthly", policy_.keep_monthly, &month_of);
    keep_newest_of_each("yearly", policy_.keep_yearly, &year_of);
    keep_within();
    give_up_what_does_not_fit();
    keep_protected();
    return decisions();
  }

 private:
  bool no_rule_is_set() const {
    return policy_.keep_last == 0 && policy_.keep_hourly == 0 && policy_.keep_daily == 0 &&
           policy_.keep_weekly == 0 && policy_.keep_monthly == 0 && policy_.keep_yearly == 0 &&
           !policy_.keep_within;
  }

  void keep_all() {
    for (Entry& entry : entries_) entry.keep("no rule");
  }

  void keep_last() {
    const std::size_t count = std::min<std::size_t>(policy_.keep_last, entries_.size());
    for (auto entry = entries_.rbegin(); entry != entries_.rbegin() + count; ++entry) {
      entry->keep(cat("last ", policy_.keep_last));
    }
  }

  // All that are not of the longest row in which nothing was begun before its predecessor; of two
  // that are as long, the one that ends later.
  void find_what_is_out_of_order() {
    const auto started = [this](std::size_t i) { return entries_[i].time(Time::kOfStart); };
    std::vector<std::size_t> ends;  // of the best row of each length
    std::vector<std::optional<std::size_t>> predecessors;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto place = std::ranges::upper_bound(ends, started(i), {}, started);
      const auto before = static_cast<std::size_t>(place - ends.begin());
      predecessors.push_back(before == 0 ? std::nullopt : std::optional(ends[before - 1]));
      if (before == ends.size()) ends.emplace_back();
      ends[before] = i;
      entries_[i].is_out_of_order = true;
    }
    auto in_order = ends.empty() ? std::nullopt : std::optional(ends.back());
    for (; in_order; in_order = predecessors[*in_order]) {
      entries_[*in_order].is_out_of_order = false;
    }
  }

  void keep_newest_of_each(std::string_view rule, unsigned count, Bucket bucket_of) {
    for (const Time which : {Time::kOfId, Time::kOfStart}) {
      std::set<std::int64_t> seen;
      unsigned used = 0;
      for (auto entry = entries_.rbegin(); entry != entries_.rend() && used < count; ++entry) {
        if (!seen.insert(bucket_of(entry->time(which))).second) continue;
        if (which == Time::kOfId || !entry->is_out_of_order) ++used;
        entry->keep(cat(rule, " ", count));
      }
    }
  }

  void keep_within() {
    if (!policy_.keep_within || entries_.empty()) return;
    for (const Time which : {Time::kOfId, Time::kOfStart}) {
      const std::chrono::sys_seconds newest = entries_.back().time(which);
      for (Entry& entry : entries_) {
        if (newest - entry.time(which) > *policy_.keep_within) continue;
        entry.keep(cat("within ", duration_text(*policy_.keep_within)));
      }
    }
  }

  // What is protected counts against the limit, so that the limit is what the volume sees.
  void give_up_what_does_not_fit() {
    if (!policy_.max_size_bytes) return;
    std::uint64_t total = 0;
    for (const Entry& entry : entries_) {
      if (entry.decision.keep || is_protected(entry)) total += entry.candidate.size_bytes;
    }
    for (Entry& entry : entries_) {
      if (total <= *policy_.max_size_bytes) return;
      if (!entry.decision.keep || is_protected(entry)) continue;
      entry.decision = {.id = entry.candidate.id, .keep = false, .reasons = {"max-size"}};
      total -= entry.candidate.size_bytes;
    }
  }

  void keep_protected() {
    for (Entry& entry : entries_) {
      if (entry.candidate.pinned) entry.keep("pinned");
      if (entry.candidate.id == newest_proven_) entry.keep("newest proven");
    }
  }

  bool is_protected(const Entry& entry) const {
    return entry.candidate.pinned || entry.candidate.id == newest_proven_;
  }

  std::vector<RetentionDecision> decisions() {
    std::vector<RetentionDecision> result;
    for (Entry& entry : entries_) {
      if (entry.decision.reasons.empty()) entry.decision.reasons = {"no rule keeps it"};
      result.push_back(std::move(entry.decision));
    }
    return result;
  }

  const RetentionPolicy& policy_;
  std::vector<Entry> entries_;
  std::optional<BackupId> newest_proven_;
};

}  // namespace

std::vector<RetentionDecision> apply_retention(const RetentionPolicy& policy,
                                               std::vector<RetentionCandidate> candidates) {
  return Evaluation(policy, std::move(candidates)).run();
}

}  // namespace lifeboat::vault
