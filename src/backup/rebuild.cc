#include "backup/rebuild.h"

#include <utility>

#include "backup/background_writer.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/builder.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/schema.h"

namespace lifeboat::backup {
namespace {

using base::as_text;
using base::Bytes;
using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kLossesMax = 100;

class FanOut : public base::Sink {
 public:
  explicit FanOut(const std::vector<base::RandomSink*>& targets) : targets_(targets) {}

  void write(Bytes bytes) override {
    for (base::RandomSink* target : targets_) target->append(bytes);
  }
  void finish() override {}

 private:
  const std::vector<base::RandomSink*>& targets_;
};

// Writes the same into several files, in a thread of its own: putting a gigabyte into files takes
// the kernel longer than making it up takes us. What is overwritten comes after all appends.
class Targets : public base::RandomSink {
 public:
  Targets(const std::vector<base::RandomSink*>& targets, const std::stop_token& stop)
      : targets_(targets), fan_out_(targets), writer_(fan_out_, stop) {}

  void append(Bytes bytes) override { writer_.write(bytes); }
  void overwrite(std::uint64_t offset, Bytes bytes) override {
    if (!std::exchange(drained_, true)) writer_.drain();
    for (base::RandomSink* target : targets_) target->overwrite(offset, bytes);
  }

 private:
  const std::vector<base::RandomSink*>& targets_;
  FanOut fan_out_;
  BackgroundWriter writer_;
  bool drained_ = false;
};

class BuilderSink : public etcd::ItemSink {
 public:
  explicit BuilderSink(bbolt::Builder& builder) : builder_(builder) {}

  void begin_bucket(Bytes name) override { builder_.begin_bucket(name); }
  void put(Bytes key, Bytes value) override { builder_.put(key, value); }

 private:
  bbolt::Builder& builder_;
};

class Losses {
 public:
  explicit Losses(RebuildResult& result) : result_(result) {}

  void add(std::string loss) {
    if (result_.losses.size() == kLossesMax) {
      ++result_.losses_left_out;
    } else {
      result_.losses.push_back(std::move(loss));
    }
  }

 private:
  RebuildResult& result_;
};

// Between a damaged database and the new one: keeps back what bbolt could not store in order, and
// what etcd would end on, or go astray by, at its start.
class Salvage : public etcd::ItemSink {
 public:
  Salvage(etcd::ItemSink& sink, Losses& losses) : sink_(sink), losses_(losses) {}

  void begin_bucket(Bytes name) override {
    skipping_ = name.empty() || (any_bucket_ && as_text(name) <= bucket_);
    if (skipping_) {
      losses_.add(cat("bucket ", base::printable(as_text(name), 60), ": comes out of order"));
      return;
    }
    any_bucket_ = true;
    bucket_ = as_text(name);
    last_key_.clear();
    sink_.begin_bucket(name);
  }

  void put(Bytes key, Bytes value) override {
    if (skipping_) return;
    if (const std::string why = refusal(key, value); !why.empty()) {
      losses_.add(cat("bucket ", base::printable(bucket_, 60), ": an item ", why));
      return;
    }
    last_key_ = as_text(key);
    sink_.put(key, value);
  }

 private:
  // Empty if the item is fine.
  std::string refusal(Bytes key, Bytes value) const {
    if (key.empty() || key.size() > bbolt::kKeySizeMax) return "has a key that can't be one";
    if (as_text(key) <= last_key_) return "comes out of order";
    try {
      etcd::check_decodes(bucket_, key, value);
      return {};
    } catch (const Error& error) {
      return cat("does not decode: ", error.what());
    }
  }

  etcd::ItemSink& sink_;
  Losses& losses_;
  bool any_bucket_ = false;
  bool skipping_ = false;
  std::string bucket_;
  std::string last_key_;
};

// Hands on what the walk meets. Without `losses`, damage ends it.
class CopyVisitor : public bbolt::Visitor {
 public:
  CopyVisitor(etcd::ItemSink& sink, Losses* losses, base::Progress& progress)
      : sink_(sink), losses_(losses), progress_(progress) {}

  void bucket(Bytes name) override { sink_.begin_bucket(name); }

  void item(Bytes key, Bytes value) override {
    sink_.put(key, value);
    progress_.advance(key.size() + value.size());
  }

  void problem(const bbolt::Problem& problem) override {
    const std::string what = cat(problem.where, ": ", problem.message);
    if (losses_ == nullptr) throw Error(Code::kCorrupt, cat("the snapshot is damaged: ", what));
    losses_->add(what);
  }

 private:
  etcd::ItemSink& sink_;
  Losses* const losses_;
  base::Progress& progress_;
};

}  // namespace

RebuildResult rebuild_database(base::RandomSource& source, const RebuildOptions& options,
                               const std::vector<base::RandomSink*>& targets,
                               base::Progress& progress, std::stop_token stop) {
  RebuildResult result;
  Losses losses(result);
  bbolt::Database database(source);
  Targets target(targets, stop);
  bbolt::Builder builder(target, {.page_size_bytes = database.meta().page_size_bytes,
                                  .txid = std::max<std::uint64_t>(1, database.meta().txid)});
  BuilderSink built(builder);
  etcd::RestoreTransform transform(options.transform, built);
  Salvage salvage(transform, losses);
  etcd::ItemSink& first = options.allow_damage ? static_cast<etcd::ItemSink&>(salvage) : transform;
  CopyVisitor visitor(first, options.allow_damage ? &losses : nullptr, progress);
  bbolt::check_database(database, bbolt::Direction::kForward, visitor, stop);
  transform.finish();
  base::throw_if_stopped(stop);
  result.size_bytes = builder.finish();
  result.notes = transform.notes();
  return result;
}

}  // namespace lifeboat::backup
