#include "testing/fake_etcd.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/io.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/inspect.h"
#include "etcd/key_value.h"
#include "etcd/membership.h"
#include "etcd/schema.h"

namespace lifeboat::testing {

using base::as_text;
using base::Bytes;
using base::Code;
using base::Error;

namespace {

void write_file(os::FileSystem& fs, const std::string& path, const std::string& content) {
  const auto file = fs.create(path);
  file->append(base::as_bytes(content));
  file->close();
}

// Takes live keys and members out of a database.
class Loader : public bbolt::Visitor {
 public:
  void bucket(Bytes name) override { bucket_ = as_text(name); }

  void item(Bytes key, Bytes value) override {
    if (bucket_ == etcd::kMembersBucket) add_member(as_text(key));
    if (bucket_ == etcd::kKeyBucket) add_record(etcd::decode_revision_key(key), value);
  }

  void problem(const bbolt::Problem& problem) override {
    throw Error(Code::kCorrupt, problem.message);
  }

  std::map<std::string, etcd::StoredKey> keys;
  std::vector<std::uint64_t> members;

 private:
  void add_member(std::string_view text) {
    std::from_chars(text.data(), text.data() + text.size(), members.emplace_back(0), 16);
  }

  void add_record(const etcd::RevisionKey& revision, Bytes value) {
    const etcd::KeyValue record = etcd::decode_key_value(value);
    const std::string name(as_text(record.key));
    if (revision.tombstone) {
      keys.erase(name);
      return;
    }
    keys[name] = {.value = std::string(as_text(record.value)),
                  .create_revision = record.create_revision,
                  .mod_revision = record.mod_revision,
                  .version = record.version,
                  .lease = record.lease};
  }

  std::string bucket_;
};

bool asks_for_version(const os::ProgramStart& start) {
  return start.arguments == std::vector<std::string>{"--version"};
}

}  // namespace

class FakeEtcdProcess : public os::Process {
 public:
  FakeEtcdProcess(FakeEtcd& etcd, std::string end) : etcd_(etcd), end_(std::move(end)) {
    if (end_.empty()) ++etcd_.living;
  }
  ~FakeEtcdProcess() override { finish("signal 9"); }

  bool wait(std::chrono::milliseconds, std::stop_token stop) override {
    base::throw_if_stopped(stop);
    if (etcd_.crashed_) finish("exit status 2");
    return !end_.empty();
  }

  bool shut_down(std::chrono::milliseconds, std::stop_token stop) override {
    if (wait({}, std::move(stop))) return true;
    finish(etcd_.ignores_sigterm ? "signal 9" : "signal 15");
    return !etcd_.ignores_sigterm;
  }

  std::string end() const override { return end_; }

 private:
  void finish(const std::string& how) {
    if (!end_.empty()) return;
    end_ = how;
    --etcd_.living;
    etcd_.database_.reset();
    if (etcd_.forgets_writes) etcd_.written_.clear();
  }

  FakeEtcd& etcd_;
  std::string end_;
};

class FakePrograms : public os::Programs {
 public:
  FakePrograms(FakeEtcd& etcd, os::FileSystem& fs) : etcd_(etcd), fs_(fs) {}

  std::optional<std::string> find(const std::string& name, const std::string&) override {
    if (name != "etcd" && name != etcd_.path) return std::nullopt;
    return etcd_.path;
  }

  std::unique_ptr<os::Process> start(const os::ProgramStart& start) override {
    if (start.path != etcd_.path) throw Error(Code::kNotFound, "cannot start " + start.path);
    if (asks_for_version(start)) {
      write_file(fs_, start.output_path, etcd_.version_output);
      return std::make_unique<FakeEtcdProcess>(etcd_, "exit status 0");
    }
    etcd_.started.push_back(start);
    write_file(fs_, start.output_path, etcd_.log);
    if (etcd_.starts_that_fail > 0) {
      --etcd_.starts_that_fail;
      return std::make_unique<FakeEtcdProcess>(etcd_, "exit status 1");
    }
    const auto flag = std::ranges::find(start.arguments, "--data-dir");
    LIFEBOAT_CHECK(flag != start.arguments.end());
    etcd_.load(fs_, *std::next(flag));
    return std::make_unique<FakeEtcdProcess>(etcd_, "");
  }

 private:
  FakeEtcd& etcd_;
  os::FileSystem& fs_;
};

class FakeKeyValueEndpoint : public etcd::KeyValueEndpoint {
 public:
  FakeKeyValueEndpoint(FakeEtcd& etcd, std::string url) : etcd_(etcd), url_(std::move(url)) {}

  const std::string& url() const override { return url_; }

  etcd::MemberStatus status(std::stop_token stop) override {
    const FakeEtcd::Database& database = answer("status", stop);
    etcd::MemberStatus status;
    status.version = "3.5.30";
    status.cluster_id = etcd_.is_stranger ? 1 : database.cluster_id;
    status.member_id = status.leader_id = 7;
    return status;
  }

  std::vector<etcd::ClusterMember> members(std::stop_token stop) override {
    answer("members", stop);
    return {};
  }

  std::vector<etcd::Alarm> alarms(std::stop_token stop) override {
    answer("alarms", stop);
    return {};
  }

  // As etcd 3.4 has it: not for the revision that it has compacted to.
  etcd::HashKv hash_kv(std::int64_t revision, std::stop_token stop) override {
    const FakeEtcd::Database& database = answer("hash_kv", stop);
    base::MemorySource image(database.image);
    etcd::HashKv hash = etcd::inspect_database(image, {}, std::move(stop)).hashes.at(0);
    if (revision != 0 && revision <= hash.compact_revision) {
      throw Error(Code::kUnavailable, url_ + ": required revision has been compacted");
    }
    hash.hash = etcd_.hash.value_or(hash.hash);
    return hash;
  }

  std::unique_ptr<etcd::SnapshotStream> snapshot(std::stop_token stop) override {
    answer("snapshot", stop);
    return nullptr;
  }

  std::uint64_t count_keys(std::int64_t, std::stop_token stop) override {
    return etcd_.keys.value_or(answer("count_keys", stop).keys.size());
  }

  std::optional<etcd::StoredKey> get(Bytes key, std::int64_t revision,
                                     std::stop_token stop) override {
    const FakeEtcd::Database& database = answer("get", stop);
    const std::string name(as_text(key));
    std::optional<etcd::StoredKey> found;
    if (const auto stored = database.keys.find(name); stored != database.keys.end()) {
      found = stored->second;
    }
    const auto written = etcd_.written_.find(name);
    if (revision == 0 && written != etcd_.written_.end()) {
      found = etcd::StoredKey{.value = written->second};
    }
    return etcd_.on_get ? etcd_.on_get(found) : found;
  }

  void put(Bytes key, Bytes value, std::stop_token stop) override {
    answer("put", stop);
    etcd_.written_[std::string(as_text(key))] = as_text(value);
  }

 private:
  const FakeEtcd::Database& answer(const std::string& call, const std::stop_token& stop) {
    if (etcd_.on_call) etcd_.on_call(call);
    base::throw_if_stopped(stop);
    if (etcd_.calls_too_early > 0) {
      --etcd_.calls_too_early;
      refused_ = true;
    }
    const bool serves = !etcd_.never_serves && !etcd_.crashed_ && !refused_;
    if (etcd_.database_ && serves) return *etcd_.database_;
    throw Error(Code::kUnavailable, url_ + ": connection refused");
  }

  FakeEtcd& etcd_;
  const std::string url_;
  bool refused_ = false;
};

std::unique_ptr<os::Programs> FakeEtcd::programs(os::FileSystem& fs) {
  return std::make_unique<FakePrograms>(*this, fs);
}

std::unique_ptr<etcd::KeyValueEndpoint> FakeEtcd::connect(const std::string& url) {
  return std::make_unique<FakeKeyValueEndpoint>(*this, url);
}

void FakeEtcd::load(os::FileSystem& fs, const std::string& data_dir) {
  const auto file = fs.open(data_dir + "/member/snap/db");
  Database database;
  database.image.resize(file->size_bytes());
  file->read_at(0, database.image);
  base::MemorySource source(database.image);
  bbolt::Database opened(source);
  Loader loader;
  bbolt::check_database(opened, bbolt::Direction::kForward, loader, {});
  database.keys = std::move(loader.keys);
  database.cluster_id = etcd::cluster_id(loader.members);
  database_ = std::move(database);
  crashed_ = false;
}

}  // namespace lifeboat::testing
