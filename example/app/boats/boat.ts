/** What `server/boats.js` hands to the pages here. */
export interface Boat {
  id: string
  name: string
  kind: string
  sail: string
  story: string
}
