# From what `ctest --output-on-failure` printed: each failed test's name and the lines that tell why (its last ones,
# if none does), so that the end of a log is enough to go on with.

BEGIN { most = 16 }

/^ *(Start +[0-9]+:|[0-9]+\/[0-9]+ Test +#)/ || /^[0-9]+% tests passed/ {
  if (isFailed) tell()
  isFailed = /\*\*\*/
  title = $0
  lines = reasons = follow = 0
  next
}

isFailed && $0 != "" {
  line = "    " substr($0, 1, 240)
  last[lines++ % most] = line
  if (/Failure$|^(FAIL|ERROR): |Error: |error: |^SUMMARY: |what\(\)|_SEED=|terminate called/) follow = 6
  if (follow-- > 0 && reasons < most) reason[reasons++] = line
}

function tell(    i) {
  print title
  for (i = 0; i < reasons; ++i) print reason[i]
  for (i = lines > most ? lines - most : 0; reasons == 0 && i < lines; ++i) print last[i % most]
}
