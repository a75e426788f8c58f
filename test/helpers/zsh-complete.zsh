# Prints what a real, interactive zsh offers for the line $2 once the script $1 is loaded: one word a line.
zmodload zsh/zpty || exit 1
setup=$(mktemp)
cat >$setup <<'SETUP'
PROMPT=
autoload compinit; compinit -u -D
source $COMPLETION
bindkey '^M' undefined
bindkey '^J' undefined
bindkey '^I' complete-word
null-line() { echo -E - $'\0' }
compprefuncs=(null-line)
comppostfuncs=(null-line exit)
zstyle ':completion:*' list-grouped false
zstyle ':completion:*' insert-tab false
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return $?
  fi
  typeset -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits
  builtin compadd "$@"
}
echo loaded
SETUP
export COMPLETION=$1
zpty z zsh -f -i
zpty -w z "source $setup"
while zpty -r z line; do [[ $line == *loaded* && $line != *source* ]] && break; done
zpty -n -w z "$2"$'\t'
seen=0
while zpty -r z line; do
  line=${line%%$'\r'#$'\n'}
  if [[ $line == *$'\0'* ]]; then
    (( seen++ )) && break
    continue
  fi
  (( seen )) && print -r -- ${line%$'\r'}
done
rm -f $setup
zpty -d z
