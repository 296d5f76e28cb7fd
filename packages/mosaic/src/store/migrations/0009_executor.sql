-- Schema 9: what has computed a run. Never edit this file: a later change of the schema is a file of its own.

-- `onnx` or `wasm`; NULL where nothing has yet, unless other repetitions of its pipeline say what will. Before there was a choice all runs
-- were ONNX Runtime's, but those that asked for the other one; what still waits belongs to them.
ALTER TABLE run_details ADD COLUMN executor TEXT;
UPDATE run_details SET executor = CASE WHEN EXISTS (
  SELECT 1 FROM params WHERE params.run_id = run_details.run_id AND param_name = 'executor' AND lower(trim(param_value)) = 'wasm'
) THEN 'wasm' ELSE 'onnx' END;
