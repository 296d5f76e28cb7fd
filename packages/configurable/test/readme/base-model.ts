import { typedConfigurable } from "@ml-mosaic/configurable";

export abstract class BaseModel extends typedConfigurable({}) {
  abstract readonly size: number;
}
