import { componentTables, jsonSchema } from "@ml-mosaic/configurable";
import { BaseModel } from "./base-model.ts";
import "./my-model.ts";

console.log(componentTables(BaseModel));
console.log(JSON.stringify(jsonSchema(BaseModel).definitions));
