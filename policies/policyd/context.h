#pragma once

#include <string>

namespace ecluse {
class Database;
class EvidenceKey;

class Journal;
class Loop;
class Vault;
struct Config;
} // namespace ecluse

namespace ecluse::policyd {

class Authentication;
class Clock;
class Dropped;
class EventLog;
class Listeners;
class Live;
class Peers;
class RecorderLink;
class Sources;
class Terminals;
class Tickets;
class Timestamps;
class Watches;
class WebDoors;
class Windows;
class Witnesses;

/// What request handlers work with. main builds every part before the first request and keeps it
/// until after the last.
struct Context {
    std::string root; // "" installed; else the folder everything is under
    Config const& config;
    Loop& loop;
    Database& database;
    Vault const& vault;
    Journal& journal;
    EvidenceKey const& evidence;
    Clock& clock;                   // clock.h: every instant comes from here
    Live& live;                     // live.h: sessions running now; cut, extend, revoke
    Windows& windows;               // windows.h: state changes that the clock makes
    Sources& sources;               // sources.h: declared ranges, pushed to the listeners
    RecorderLink& recorder;         // recorder_link.h
    EventLog& events;               // event_log.h: what sessions do
    Dropped& dropped;               // dropped.h
    Peers& peers;                   // peers.h
    Authentication& authentication; // authentication.h: passwords, codes, throttling
    Tickets& tickets;               // tickets.h: alive now
    Listeners& listeners;           // listeners.h: who starts workers for browsers
    Terminals& terminals;           // terminals.h: in browsers
    Timestamps& timestamps;         // timestamps.h: who outside says when
    Watches& watches;               // watches.h: who watches live sessions
    WebDoors& web;                  // web_doors.h: browsers
    Witnesses& witnesses;           // witnesses.h: who outside knows the journal's head
};

} // namespace ecluse::policyd
