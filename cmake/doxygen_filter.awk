# Shows Doxygen the headers' comments, which are plain ones: awk -f doxygen_filter.awk FILE
#
# A comment stands for what follows it without an empty line, overloads and siblings included; one
# behind a member for that member; the one that opens a header for the header. Those inside of
# functions are left alone. Lines keep their numbers. Of READMEs, links are made Doxygen's.

# Without what Doxygen would take for a command or a tag; `code` is left as it is.
function plain(text,    parts, count, i, result) {
  count = split(text, parts, "`")
  for (i = 1; i <= count; i++) {
    if (i % 2 == 1) gsub(/[\\@<>#&%]/, "\\\\&", parts[i])
    gsub(/ al\. /, " al.\\ ", parts[i])  # not the end of a sentence
    result = result (i > 1 ? "`" : "") parts[i]
  }
  return result
}

# Prints the comment that has been gathered: as Doxygen's, where it stands for something; with `end`
# for its end.
function flush_comment(stands, end,    i, text, in_out, shown, was_shown, line) {
  if (count == 0) return
  current = ""
  ended = 0
  for (i = 1; i <= count; i++) {
    text = comment[i]
    sub(/^ *\/\//, "", text)
    in_out = text ~ /^ (in|out): / || (in_out && text ~ /^      /)
    shown = text ~ /^   / && !in_out  # as it is: code, formulas, tables
    if (!shown) {
      sub(/^ +/, "", text)
      text = plain(text)
      if (text ~ /^(in: |out: |Time )/) text = "<br>" text
      current = current " " text
    }
    line[i] = (shown && !was_shown ? "\\verbatim " : "") text
    if (!shown && was_shown) line[i - 1] = line[i - 1] " \\endverbatim"
    was_shown = shown
  }
  if (was_shown) line[count] = line[count] " \\endverbatim"
  line[1] = "/** " line[1]
  line[count] = line[count] end
  for (i = 1; i <= count; i++) print stands ? line[i] : comment[i]
  count = 0
}

# Whether a declaration can start here: in a namespace, or in a class or an enumeration.
function at_level(text) {
  return !in_body && (text ~ /^[^ ]/ || (aggregate && text ~ /^  [^ ]/))
}

FILENAME ~ /\.md$/ {
  if (/^##* /) {
    id = tolower($0)
    sub(/^#* /, "", id)
    gsub(/[^a-z0-9 -]/, "", id)
    gsub(/ /, "-", id)
    $0 = $0 " {#" id "}"
  }
  # What lies in other folders is not there.
  while (match($0, /\[[^]]*\]\(\.\.[^)]*\)/)) {
    link = substr($0, RSTART + 1, RLENGTH)
    sub(/\]\(.*/, "", link)
    $0 = substr($0, 1, RSTART - 1) link substr($0, RSTART + RLENGTH)
  }
  print
  next
}

/^ *\/\// && at_level($0) {
  comment[++count] = $0
  trailing = 0
  next
}

{
  opens_file = /^#pragma once/ && count == NR - 1
  if (opens_file) {
    is_public = FILENAME !~ /\/detail\//
    flush_comment(is_public, "")
    print is_public ? "\\file */" : ""
    current = ""
    next
  }
  flush_comment($0 != "" && at_level($0), " */")
}
/^$/ && !in_body { current = "" }

/^(struct|class|enum)/ { aggregate = 1 }
/^[^ #}]/ && !/^(struct|class|enum|template|requires)/ { aggregate = 0 }
{ opens_aggregate = /^(struct|class|enum|namespace)/ }
opens_aggregate { current = "" }

/^  friend .* = default;$/ { $0 = $0 "  ///< Member by member." }

# A sibling of what has a comment.
at_level($0) && current != "" && ended && (/^[^ }]/ || /\(|^  template/) {
  match($0, /^ */)
  $0 = substr($0, 1, RLENGTH) "/** " current " */ " substr($0, RLENGTH + 1)
}

# Behind a member, and on lines of its own below.
(at_level($0) && !/^ *}/ && match($0, /[^ ]  +\/\/ /)) || (trailing && match($0, /^ +\/\/ /)) {
  $0 = substr($0, 1, RSTART + RLENGTH - 2) "/< " plain(substr($0, RSTART + RLENGTH))
  trailing = 1
  current = ""
  print
  next
}
{
  trailing = 0
  print
}

in_body && (/^}/ || (aggregate && /^  }/)) { in_body = 0 }
/{$/ && !opens_aggregate { in_body = 1 }
{ ended = /[;}]$/ }
