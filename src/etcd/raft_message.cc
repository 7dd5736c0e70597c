#include "etcd/raft_message.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "etcd/wire.h"

namespace lifeboat::etcd {
namespace {

// An enumerator whose numbers run from 0 to `last`.
template <typename Enum>
Enum enum_of(const WireField& field, Enum last) {
  const std::uint64_t value = varint_of(field);
  if (value > static_cast<std::uint64_t>(last)) {
    throw base::Error(base::Code::kCorrupt,
                      base::cat("field ", field.number, " has the unknown value ", value));
  }
  return static_cast<Enum>(value);
}

void write_ids(WireWriter& writer, std::uint32_t number, const std::vector<std::uint64_t>& ids) {
  for (const std::uint64_t id : ids) writer.varint(number, id);
}

// An absent field and an empty one are the same to all readers; etcd writes neither.
void write_bytes(WireWriter& writer, std::uint32_t number, base::Bytes value) {
  if (!value.empty()) writer.bytes(number, value);
}

}  // namespace

bool Entry::operator==(const Entry& other) const {
  return type == other.type && term == other.term && index == other.index &&
         std::ranges::equal(data, other.data);
}

base::Buffer encode_entry(const Entry& entry) {
  WireWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(entry.type));
  writer.varint(2, entry.term).varint(3, entry.index);
  write_bytes(writer, 4, entry.data);
  return writer.take();
}

Entry decode_entry(base::Bytes bytes) {
  Entry entry;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) entry.type = enum_of(*field, EntryType::kConfChangeV2);
    if (field->number == 2) entry.term = varint_of(*field);
    if (field->number == 3) entry.index = varint_of(*field);
    if (field->number == 4) entry.data = bytes_of(*field);
  }
  return entry;
}

base::Buffer encode_hard_state(const HardState& state) {
  return WireWriter().varint(1, state.term).varint(2, state.vote).varint(3, state.commit).take();
}

HardState decode_hard_state(base::Bytes bytes) {
  HardState state;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) state.term = varint_of(*field);
    if (field->number == 2) state.vote = varint_of(*field);
    if (field->number == 3) state.commit = varint_of(*field);
  }
  return state;
}

base::Buffer encode_conf_state(const ConfState& state) {
  WireWriter writer;
  write_ids(writer, 1, state.voters);
  write_ids(writer, 2, state.learners);
  write_ids(writer, 3, state.voters_outgoing);
  write_ids(writer, 4, state.learners_next);
  writer.varint(5, state.auto_leave ? 1 : 0);
  return writer.take();
}

ConfState decode_conf_state(base::Bytes bytes) {
  ConfState state;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) state.voters.push_back(varint_of(*field));
    if (field->number == 2) state.learners.push_back(varint_of(*field));
    if (field->number == 3) state.voters_outgoing.push_back(varint_of(*field));
    if (field->number == 4) state.learners_next.push_back(varint_of(*field));
    if (field->number == 5) state.auto_leave = varint_of(*field) != 0;
  }
  return state;
}

bool ConfChange::operator==(const ConfChange& other) const {
  return id == other.id && type == other.type && node_id == other.node_id &&
         std::ranges::equal(context, other.context);
}

base::Buffer encode_conf_change(const ConfChange& change) {
  WireWriter writer;
  writer.varint(1, change.id).varint(2, static_cast<std::uint64_t>(change.type));
  writer.varint(3, change.node_id);
  write_bytes(writer, 4, change.context);
  return writer.take();
}

ConfChange decode_conf_change(base::Bytes bytes) {
  ConfChange change;
  WireReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number == 1) change.id = varint_of(*field);
    if (field->number == 2) change.type = enum_of(*field, ConfChangeType::kAddLearnerNode);
    if (field->number == 3) change.node_id = varint_of(*field);
    if (field->number == 4) change.context = bytes_of(*field);
  }
  return change;
}

}  // namespace lifeboat::etcd
