# A program that can be paused in the middle: what it needs to go on stands in MOSAIC_FILES.
trap 'exit 75' TERM
state=$MOSAIC_FILES/epoch
epoch=0
if [ -n "$MOSAIC_RESUME" ] && [ -s "$state" ]; then epoch=$(cat "$state"); fi
while [ "$epoch" -lt "$1" ]; do
  epoch=$((epoch + 1))
  sleep 0.1
  echo "{\"mosaic\": 1, \"epoch\": $epoch, \"train_loss\": 0.$epoch, \"test_loss\": 0.$epoch}"
  echo "$epoch" > "$state.new" && mv "$state.new" "$state"
done
