/**
 * Returns the path of a file of a network in a model folder.
 *
 * @param subfolder Folder of the network inside the model folder; "" for the model folder itself.
 */
export function subfolderPath(subfolder: string, name: string): string {
  return subfolder === "" ? name : `${subfolder}/${name}`;
}
