# After `npm ci` in a clone: a Node that npm brought and that cannot start here leaves the PATH of the scripts to the one that is there.
node=node_modules/.bin/node
[ ! -e $node ] || $node --version >/dev/null 2>&1 || {
  rm $node
  echo 'The Node that npm brought does not start here (Debian: apt-get install libatomic1, then npm ci): the one that is there runs the scripts.'
}
