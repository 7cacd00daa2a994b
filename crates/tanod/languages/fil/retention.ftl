# Ano ang itinatago, at hanggang kailan.

retention-title = Ano ang itinatago, at hanggang kailan
retention-words = Binilang sa bawat kasong may natitira. Maaaring itago ang isang kaso sa ilang batayan; mawawala ito kapag natapos na ang huli.
retention-fates = Ang mangyayari sa mga kaso
retention-fate = Kahihinatnan
retention-cases = Mga kaso
retention-next = Matatapos ang susunod (UTC)
retention-last = Matatapos ang huli (UTC)
retention-bases = Sa aling batayan
retention-basis = Batayan
retention-holds = Mga pagpigil
retention-open = walang katapusan
retention-none = Walang itinatago.
retention-list = Bawat kaso
fate-held = mananatili hanggang sa takdang araw
fate-open = mananatili hanggang dumating ang hinihintay
fate-conflict = nagsasalungatan ang mga batayan: nasa abogado
fate-due = mawawala: tapos na ang bawat pagpigil
fate-unheld = walang nagpapanatili
