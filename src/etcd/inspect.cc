#include "etcd/inspect.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "bbolt/checker.h"
#include "bbolt/database.h"
#include "etcd/schema.h"

namespace lifeboat::etcd {
namespace {

using base::as_text;
using base::Bytes;

// Hands what the walk meets to those who check it.
class InspectVisitor : public bbolt::Visitor {
 public:
  InspectVisitor(KeyspaceScan& scan, SchemaCheck& schema, Findings& findings)
      : scan_(scan), schema_(schema), findings_(findings) {}

  void bucket(Bytes name) override {
    bucket_ = as_text(name);
    in_keyspace_ = bucket_ == kKeyBucket;
    schema_.bucket(bucket_);
  }

  void item(Bytes key, Bytes value) override {
    if (in_keyspace_) {
      scan_.add(key, value);
    } else {
      schema_.entry(bucket_, key, value);
    }
  }

  void problem(const bbolt::Problem& problem) override {
    findings_.add({"pages", problem.where, problem.message});
  }

 private:
  KeyspaceScan& scan_;
  SchemaCheck& schema_;
  Findings& findings_;
  std::string bucket_;
  bool in_keyspace_ = false;
};

// The second pass, on suspicion only. What is wrong with pages has been said.
class ConfirmVisitor : public bbolt::Visitor {
 public:
  explicit ConfirmVisitor(ChainConfirmation& chains) : chains_(chains) {}

  void bucket(Bytes name) override { in_keyspace_ = as_text(name) == kKeyBucket; }
  void item(Bytes key, Bytes value) override {
    if (in_keyspace_) chains_.add(key, value);
  }
  void problem(const bbolt::Problem&) override {}

 private:
  ChainConfirmation& chains_;
  bool in_keyspace_ = false;
};

void confirm_suspects(bbolt::Database& database, const KeyspaceBounds& bounds,
                      const KeyspaceScan& scan, Findings& findings, std::stop_token stop) {
  if (scan.suspects().empty()) return;
  ChainConfirmation chains(bounds, scan, findings);
  ConfirmVisitor visitor(chains);
  bbolt::check_database(database, bbolt::Direction::kBackward, visitor, std::move(stop));
  chains.finish();
}

std::vector<std::int64_t> further_compactions(const InspectOptions& options,
                                              const KeyspaceBounds& bounds) {
  std::vector<std::int64_t> further;
  for (const std::int64_t revision : options.further_compact_revisions) {
    if (revision > bounds.compact_revision) further.push_back(revision);
  }
  return further;
}

void inspect(bbolt::Database& database, const InspectOptions& options, Inspection& result,
             std::stop_token stop) {
  const auto [bounds, damage] = read_readable_bounds(database);
  const auto further = further_compactions(options, bounds);
  KeyspaceScan scan(bounds, further, result.findings);
  SchemaCheck schema(result.findings);
  InspectVisitor visitor(scan, schema, result.findings);
  bbolt::check_database(database, bbolt::Direction::kBackward, visitor, stop);
  scan.finish();
  schema.finish(scan.records());
  confirm_suspects(database, bounds, scan, result.findings, std::move(stop));
  // The walk has met it too, and named its place.
  if (damage && result.findings.total() == 0) {
    result.findings.add({"records", "bucket meta", damage->what()});
  }

  result.revision = scan.revision();
  result.compact_revision = bounds.compact_revision;
  result.keys = scan.keys();
  result.records = scan.records();
  result.leases = schema.leases();
  result.kubernetes = scan.kubernetes();
  result.storage_version = schema.storage_version();
  result.notes = schema.notes();
  result.hashes.push_back(*scan.hash_kv(bounds.compact_revision));
  for (const std::int64_t revision : further) result.hashes.push_back(*scan.hash_kv(revision));
}

}  // namespace

KeyspaceBounds read_bounds(base::RandomSource& source) {
  bbolt::Database database(source);
  return read_bounds(database);
}

Inspection inspect_database(base::RandomSource& source, const InspectOptions& options,
                            std::stop_token stop) {
  Inspection result;
  try {
    bbolt::Database database(source);
    result.image_size_bytes = database.meta().size_bytes();
    result.page_size_bytes = database.meta().page_size_bytes;
    inspect(database, options, result, std::move(stop));
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kCorrupt) throw;
    result.findings.add({"pages", "meta pages", error.what()});
  }
  return result;
}

}  // namespace lifeboat::etcd
