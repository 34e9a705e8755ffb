#include "ledger.h"

#include <algorithm>
#include <utility>

#include "record.h"

namespace gw::backend {

Account* Ledger::find(std::string_view session) {
  const auto found = accounts_.find(session);
  return found == accounts_.end() || found->second->isGone ? nullptr : found->second.get();
}

const Account* Ledger::find(std::string_view session) const {
  const auto found = accounts_.find(session);
  return found == accounts_.end() || found->second->isGone ? nullptr : found->second.get();
}

Account& Ledger::account(std::string_view session) {
  const auto found = accounts_.find(session);
  if (found != accounts_.end()) return *found->second;
  auto made = std::make_unique<Account>();
  made->session.id = session;
  return *accounts_.emplace(std::string(session), std::move(made)).first->second;
}

Account& Ledger::enter(std::string_view session) {
  Account& account = this->account(session);
  if (account.isGone) {
    account.isGone = false;
    account.isReset = true;
    account.seq = account.n = account.acked = 0;
  }
  touch(account);
  return account;
}

std::vector<Account*> Ledger::living() {
  std::vector<Account*> all;
  all.reserve(accounts_.size());
  for (const auto& [id, account] : accounts_) {
    if (!id.empty() && !account->isGone) all.push_back(account.get());
  }
  return all;
}

std::vector<const Session*> Ledger::sessions() const {
  std::vector<const Session*> all;
  all.reserve(accounts_.size());
  for (const auto& [id, account] : accounts_) {
    if (!id.empty() && !account->isGone) all.push_back(&account->session);
  }
  return all;
}

std::vector<Unsent> Ledger::unsent() const {
  std::vector<Unsent> all;
  all.reserve(outboxSize_);
  for (const auto& [id, account] : accounts_) {
    if (!account->isOpen) continue;
    int64_t n = account->firstN();
    for (const KeptFrame& frame : account->frames) all.push_back({account.get(), &frame, n++});
  }
  std::sort(all.begin(), all.end(), [](const Unsent& a, const Unsent& b) { return a.frame->order < b.frame->order; });
  return all;
}

void Ledger::touch(Account& account) {
  if (!account.isTouched) touched_.push_back(&account);
  account.isTouched = true;
  markDirty(account);
}

void Ledger::markDirty(Account& account) {
  if (!account.isDirty) dirty_.push_back(&account);
  account.isDirty = true;
}

int64_t Ledger::add(Account& account, FrameKind kind, std::string payload) {
  touch(account);
  keep(account, {kind, std::move(payload), 0, ++lastOrder_});
  ++account.fresh;
  return ++account.n;
}

void Ledger::carriedOut(Account& account, int64_t seq) {
  touch(account);
  account.seq = seq;
}

void Ledger::keep(Account& account, KeptFrame frame) {
  account.frames.push_back(std::move(frame));
  ++outboxSize_;
}

void Ledger::drop(Account& account, size_t frames) {
  for (; frames > 0; --frames) {
    const int64_t record = account.frames.front().record;
    if (record == 0) {
      --account.fresh;
    } else if (const auto found = open_.find(record); --found->second == 0) {
      complete_.push_back(record);
      open_.erase(found);
    }
    account.frames.pop_front();
    --outboxSize_;
  }
}

void Ledger::acknowledge(Account& account, int64_t n) {
  n = std::min(n, account.n);
  if (n <= account.acked) return;
  account.acked = n;
  if (n >= account.firstN()) drop(account, static_cast<size_t>(n - account.firstN() + 1));
  markDirty(account);
}

void Ledger::agree(Account& account, int64_t theirs) {
  const int64_t before = account.firstN() - 1;  // what we have begins behind it
  if (theirs >= before && theirs <= account.n) return;
  touch(account);
  account.isReset = true;
  if (theirs > account.n) {
    drop(account, account.frames.size());
    account.n = account.acked = theirs;
    return;
  }
  // Everything that is left becomes new: the old records say other numbers.
  std::deque<KeptFrame> frames(account.frames);
  drop(account, account.frames.size());
  for (auto& frame : frames) keep(account, {frame.kind, std::move(frame.payload), 0, frame.order});
  account.fresh = account.frames.size();
  account.acked = theirs;
  account.n = theirs + static_cast<int64_t>(account.frames.size());
}

void Ledger::forget(Account& account) {
  touch(account);
  drop(account, account.frames.size());
  account.isGone = true;
  account.isOpen = false;
}

std::string Ledger::takeRecord(int64_t id) {
  std::string record;
  size_t frames = 0;
  for (Account* account : touched_) {
    if (account->isReset || account->isGone) account->floor = id;
    frames += account->fresh;
    appendEntry(record, *account);
    for (size_t i = account->frames.size() - account->fresh; i < account->frames.size(); ++i) {
      account->frames[i].record = id;
    }
    account->isTouched = account->isReset = false;
    account->fresh = 0;
  }
  if (!touched_.empty()) {
    if (frames > 0) {
      open_[id] = frames;
    } else {
      complete_.push_back(id);
    }
  }
  touched_.clear();
  return record;
}

bool Ledger::replay(int64_t id, std::string_view record) {
  size_t kept = 0;
  for (RecordEntry entry; !record.empty();) {
    if (!readEntry(record, entry)) return false;
    Account& account = this->account(entry.session);
    if (id < account.floor) continue;  // said otherwise later, and that has a row
    if (entry.isReset || entry.isGone) {
      drop(account, account.frames.size());
      account.floor = id;
      account.acked = std::min(account.acked, entry.n - static_cast<int64_t>(entry.frames.size()));
      account.n = entry.n;
      account.seq = entry.seq;
    }
    account.isGone = entry.isGone;
    account.seq = std::max(account.seq, entry.seq);
    account.n = std::max(account.n, entry.n);
    markDirty(account);
    int64_t n = entry.n - static_cast<int64_t>(entry.frames.size());
    for (const auto& frame : entry.frames) {
      lastOrder_ = std::max(lastOrder_, frame.order);
      if (++n <= account.acked) continue;
      keep(account, {frame.kind, std::string(frame.payload), id, frame.order});
      ++kept;
    }
  }
  if (kept > 0) {
    open_[id] = kept;
  } else {
    complete_.push_back(id);
  }
  return true;
}

void Ledger::finishReplay() {
  std::sort(complete_.begin(), complete_.end());
  if (complete_.empty()) return;
  // A reset within the replay completes records that had been opened by it.
  complete_.erase(std::unique(complete_.begin(), complete_.end()), complete_.end());
}

std::vector<int64_t> Ledger::takeCompleteRecords() {
  std::sort(complete_.begin(), complete_.end());
  return std::exchange(complete_, {});
}

std::vector<Account*> Ledger::takeDirty() {
  for (Account* account : dirty_) account->isDirty = false;
  return std::exchange(dirty_, {});
}

void Ledger::erase(const Account& account) { accounts_.erase(account.session.id); }

}  // namespace gw::backend
