#include "backup/other_members.h"

#include <algorithm>
#include <optional>

#include "backup/background_task.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Error;

constexpr std::string_view kTlsScheme = "https://";
// etcd's own advice ends at seven members. A list is a server's word: each member in it takes a
// thread, each URL up to a timeout.
constexpr std::size_t kMembersMax = 32;
constexpr std::size_t kUrlsMax = 8;

bool answered(const EndpointReport& report) { return report.status.has_value(); }

// A member of the list that no report is of, or what came of asking it.
struct Search {
  etcd::ClusterMember member;
  std::unique_ptr<etcd::Endpoint> endpoint;  // nullptr: none leads to it
  std::vector<std::string> reasons;          // one for each of its URLs
};

class Finder {
 public:
  Finder(const Survey& survey, const ConnectFurther& connect)
      : survey_(survey), connect_(connect) {}

  OtherMembers run(const std::stop_token& stop) {
    const auto first = std::ranges::find_if(survey_.reports, answered);
    if (first == survey_.reports.end()) return {};
    cluster_id_ = first->status->cluster_id;
    auto searches = side_by_side<Search>(
        unseen_members(),
        [&](const auto& member, const auto& token) { return search(member, token); }, stop);
    base::throw_if_stopped(stop);
    OtherMembers others;
    for (Search& search : searches) take_up(std::move(search), others);
    if (left_out_ > 0) {
      others.notes.push_back(cat("the snapshot is not compared with ",
                                 base::count_of(left_out_, "more member"), " of the list"));
    }
    return others;
  }

 private:
  std::vector<etcd::ClusterMember> unseen_members() {
    std::vector<etcd::ClusterMember> unseen;
    for (const etcd::ClusterMember& member : survey_.members) {
      const bool seen = std::ranges::any_of(survey_.reports, [&](const EndpointReport& report) {
        return answered(report) && report.status->member_id == member.id;
      });
      if (!seen && !member.learner) unseen.push_back(member);
    }
    left_out_ = unseen.size() - std::min(unseen.size(), kMembersMax);
    unseen.resize(unseen.size() - left_out_);
    return unseen;
  }

  Search search(const etcd::ClusterMember& member, const std::stop_token& stop) const {
    Search result{.member = member, .endpoint = nullptr, .reasons = {}};
    for (const std::string& url : member.client_urls) {
      if (result.reasons.size() == kUrlsMax) {
        result.reasons.emplace_back("the rest of its URLs were not tried");
        break;
      }
      try {
        if (auto reason = why_not(url)) {
          result.reasons.push_back(cat(base::printable(url), ": ", *reason));
          continue;
        }
        auto endpoint = connect_(url);
        const etcd::MemberStatus status = endpoint->status(stop);
        if (status.cluster_id == cluster_id_ && status.member_id == member.id) {
          result.endpoint = std::move(endpoint);
          break;
        }
        result.reasons.push_back(cat(endpoint->url(), ": leads to another member"));
      } catch (const Error& error) {
        result.reasons.emplace_back(error.what());
      }
    }
    return result;
  }

  // Why that URL is not even to be tried, if so.
  std::optional<std::string> why_not(const std::string& url) const {
    for (const EndpointReport& report : survey_.reports) {
      const std::string& given = report.endpoint->url();
      if (given == url) return "did not lead to it";
      if (answered(report) && given.starts_with(kTlsScheme) && !url.starts_with(kTlsScheme)) {
        return "has no TLS";
      }
    }
    return std::nullopt;
  }

  static void take_up(Search search, OtherMembers& others) {
    if (search.endpoint) {
      others.reached.push_back({search.endpoint.get(), search.member.id});
      others.endpoints.push_back(std::move(search.endpoint));
      return;
    }
    if (search.reasons.empty()) search.reasons.emplace_back("it has told none");
    const std::string name =
        cat(base::to_hex_id(search.member.id), " (", base::printable(search.member.name), ")");
    others.notes.push_back(cat("the snapshot is not compared with member ", name,
                               ", to which no address leads: ", base::join(search.reasons, "; ")));
  }

  const Survey& survey_;
  const ConnectFurther& connect_;
  std::uint64_t cluster_id_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace

OtherMembers find_other_members(const Survey& survey, const ConnectFurther& connect,
                                std::stop_token stop) {
  return Finder(survey, connect).run(stop);
}

}  // namespace lifeboat::backup
